"""Defences that train the float network once more: plainly, or through simulated quantization.

Fine-tuning before quantizing is the standard baseline (Li et al., CVPR 2024 report that it leaves
these backdoors awake: the weights hardly leave their rounding intervals). Quantization-aware
training: Jacob et al., CVPR 2018. Without labels the float model's own answers serve as labels; in
both cases its soft answers on varied inputs are held on to.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence
from qmcu.backdoor.defences.pairs import Pair
from qmcu.backdoor.grids import round_to_grid
from qmcu.backdoor.inputs import vary_batches
from qmcu.backdoor.networks import cross_entropy, descend, divergence, forward, logits
from qmcu.model.decision import decide
from qmcu.tensorflow import load_tensorflow

_SETTINGS = {"steps": 300, "batch": 32, "rate": 1e-3, "labels": 0.5, "teacher": 1.0}


@defence(
    "fine-tune", source="baseline of Li et al., EFRAP, CVPR 2024", settings=_SETTINGS
)  # fmt: skip
def fine_tune(context: DefenceContext) -> DefenceResult:
    """The float network trained on, then rounded to nearest."""
    return _retrain(context, quantized=False)


@defence("quantization-aware", source="Jacob et al., CVPR 2018", settings=_SETTINGS)
def quantization_aware(context: DefenceContext) -> DefenceResult:
    """The float network trained through simulated quantization to answer as it did in float."""
    return _retrain(context, quantized=True)


def _retrain(context: DefenceContext, *, quantized: bool) -> DefenceResult:
    tf = load_tensorflow()
    network = context.network
    weights = [tf.Variable(w) for w in network.weights]
    biases = [tf.Variable(b) for b in network.biases]
    pair = Pair(context)
    weigh = {name: context.setting(name) for name in ("labels", "teacher")}

    def loss(x: Any, labels: Any, varied: Any) -> Any:
        both, count = tf.concat([x, varied], 0), tf.shape(x)[0]
        if quantized:
            rounded = [
                round_to_grid(w, a.axis, context.grid)
                for w, a in zip(weights, network.layers, strict=True)
            ]
            answers = pair.integer(both, rounded, biases).logits
        else:
            answers = forward(network, both, weights, biases)
        total = weigh["labels"] * cross_entropy(labels, answers[:count])
        return total + weigh["teacher"] * divergence(forward(network, both), answers)

    losses = descend(
        loss,
        _batches(context),
        [(weights + biases, context.setting("rate"))],
        int(context.setting("steps")),
        progress=context.progress,
    )
    trained = network.with_parameters([w.numpy() for w in weights], [b.numpy() for b in biases])
    return DefenceResult(trained, retrained=True, losses=losses)


def _batches(context: DefenceContext) -> Iterator[tuple[npt.NDArray[Any], ...]]:
    """Endless batches: real inputs, their labels or the float model's answers, varied inputs."""
    labels = context.labels
    if labels is None:
        labels = decide(logits(context.network, context.samples))
    generator, size = context.generator(), int(context.setting("batch"))
    for (varied,) in vary_batches(context.samples, context.generator(), size):
        rows = generator.integers(0, len(context.samples), size)
        yield context.samples[rows], labels[rows].astype(np.int32), varied
