"""EFRAP: error-guided flipped rounding with activation preservation.

Li et al., "Nearest is Not Dearest: Towards Practical Defense against Quantization-conditioned
Backdoor Attacks", CVPR 2024, section 4. Rounding directions are learned under three terms: flip
weights away from the nearest integer, the more so the larger their truncation error (that is where
the backdoor lives); keep each layer's activations near the float model's; decide (up or down).
Where the paper reconstructs layer after layer on asymmetric 4- and 8-bit grids, here all layers
are learned together on TFLite's symmetric ones.
"""

from typing import Any

from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence
from qmcu.backdoor.defences.pairs import Pair, layer_distance
from qmcu.backdoor.grids import SoftRounding
from qmcu.backdoor.inputs import real_batches
from qmcu.backdoor.networks import descend
from qmcu.tensorflow import load_tensorflow


@defence(
    "efrap", source="Li et al., Nearest is Not Dearest, CVPR 2024",
    settings={"steps": 300, "batch": 32, "rate": 0.03, "preserve": 3.0, "flip": 1.0,
              "decide": 0.3},
)  # fmt: skip
def efrap(context: DefenceContext) -> DefenceResult:
    """Learned rounding: large truncation errors are flipped, layer activations preserved."""
    tf = load_tensorflow()
    network, grids = context.network, context.grids
    rounding = SoftRounding(
        [g.positions for g in grids], [g.spread_scales for g in grids],
        largest=context.grid.largest,
    )  # fmt: skip
    flipped = [tf.constant(g.positions > g.nearest, tf.float32) for g in grids]
    errors = [tf.constant(2 * abs(g.positions - g.nearest), tf.float32) for g in grids]
    pair = Pair(context)
    weigh = {name: context.setting(name) for name in ("preserve", "flip", "decide")}

    def loss(x: Any) -> Any:
        ways = rounding.directions()
        quantized = pair.integer(x, rounding.weights(ways), network.biases)
        total = weigh["preserve"] * layer_distance(pair.floating(x), quantized)
        total += weigh["decide"] * rounding.undecided(ways) / len(ways)
        entropies = [
            -tf.reduce_mean(e * (f * tf.math.log(h + 1e-6) + (1 - f) * tf.math.log(1 - h + 1e-6)))
            for e, f, h in zip(errors, flipped, ways, strict=True)
        ]
        return total + weigh["flip"] * tf.add_n(entropies) / len(ways)

    losses = descend(
        loss,
        real_batches(context.samples, context.generator(), int(context.setting("batch"))),
        [(rounding.variables, context.setting("rate"))],
        int(context.setting("steps")),
        progress=context.progress,
    )
    return DefenceResult(network, rounding.integers(), losses=losses)
