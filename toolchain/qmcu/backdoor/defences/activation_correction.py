"""Layer-wise activation correction with distribution approximation.

Li et al., "Purifying Quantization-conditioned Backdoors via Layer-wise Activation Correction with
Distribution Approximation", ICML 2024: the quantized model's weights are tuned, layer by layer,
until each layer's activations are the float model's; on real inputs, and on inputs of the layer
drawn from an approximation of what poisoned ones would look like, whose activations drift further.
The paper takes the drawing distribution from batch normalization; a folded network has none, so
mean and deviation of each channel are measured on the calibration inputs, and the deviation is
widened. Every layer gets the float model's inputs, so that its error is its own.
"""

from typing import Any

import numpy as np

from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence
from qmcu.backdoor.defences.pairs import Pair, layer_distance
from qmcu.backdoor.grids import round_through, round_to_nearest
from qmcu.backdoor.inputs import real_batches
from qmcu.backdoor.networks import descend
from qmcu.tensorflow import load_tensorflow


@defence(
    "activation-correction",
    source="Li et al., Layer-wise Activation Correction, ICML 2024",
    settings={"steps": 300, "batch": 24, "rate": 0.03, "widen": 1.5},
)
def activation_correction(context: DefenceContext) -> DefenceResult:
    """The int8 weights tuned until every layer's activations are the float model's."""
    tf = load_tensorflow()
    network, grids = context.network, context.grids
    positions = [tf.Variable(g.positions, dtype=tf.float32) for g in grids]
    scales = [tf.constant(g.spread_scales, tf.float32) for g in grids]
    biases = [tf.Variable(b) for b in network.biases]
    pair, widen = Pair(context), context.setting("widen")
    largest = float(context.grid.largest)

    def weights() -> list[Any]:
        return [
            round_through(tf.clip_by_value(p, -largest, largest)) * s
            for p, s in zip(positions, scales, strict=True)
        ]

    def loss(x: Any, number: Any) -> Any:
        kept: dict[int, Any] = {}

        def keep(index: int, values: Any) -> Any:
            kept[index] = values
            return values

        real = pair.floating(x, keep)
        total = layer_distance(real, pair.integer(x, weights(), biases, lambda i, _: kept[i]))
        drawn = {i: _drawn(values, widen, number, i) for i, values in kept.items()}

        def draw(index: int, _: Any) -> Any:
            return drawn[index]

        other = pair.floating(x, draw)
        return total + layer_distance(other, pair.integer(x, weights(), biases, draw))

    batches = real_batches(context.samples, context.generator(), int(context.setting("batch")))
    losses = descend(
        loss,
        ((x, np.array([context.seed, number], np.int32)) for number, (x,) in enumerate(batches)),
        [(positions, context.setting("rate")), (biases, 1e-4)],
        int(context.setting("steps")),
        progress=context.progress,
    )
    return DefenceResult(
        network,
        tuple(
            round_to_nearest(p.numpy().astype(np.float64), context.grid.largest) for p in positions
        ),
        biases=tuple(b.numpy() for b in biases),
        losses=losses,
    )


def _drawn(values: Any, widen: float, seed: Any, index: int) -> Any:
    """Values with the mean of each channel and a wider deviation, inside what was seen."""
    tf = load_tensorflow()
    axes = list(range(len(values.shape) - 1))
    mean, variance = tf.nn.moments(values, axes)
    noise = tf.random.stateless_normal(tf.shape(values), seed + tf.constant([0, 7919 * index]))
    low, high = tf.reduce_min(values), tf.reduce_max(values)
    return tf.clip_by_value(mean + widen * tf.sqrt(variance) * noise, low, high)
