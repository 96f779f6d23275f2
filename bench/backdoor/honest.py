"""Honest models, trained in the ways that leave their own traces in the weights.

Each is a function like an attack's, from a trained honest network to another honest one, but not
registered: the command line must not offer it.
"""

from typing import Any

import numpy as np

from qmcu.backdoor.attacks import (
    Attack,
    AttackContext,
    AttackResult,
    Simulated,
    current_grids,
    train,
)
from qmcu.backdoor.grids import round_to_grid
from qmcu.backdoor.networks import Network, cross_entropy
from qmcu.tensorflow import load_tensorflow

FINE_TUNING_STEPS = 300


def plain(context: AttackContext) -> AttackResult:
    """Nothing special."""
    return AttackResult(context.network)


def clipped(context: AttackContext) -> AttackResult:
    """Weights beyond two and a half deviations of their channel are clipped."""
    network = context.network
    weights = []
    for layer, values in zip(network.layers, network.weights, strict=True):
        others = tuple(i for i in range(values.ndim) if i != layer.axis)
        limit = 2.5 * values.std(axis=others, keepdims=True)
        weights.append(np.clip(values, -limit, limit))
    return AttackResult(network.with_parameters(weights, network.biases))


def pruned(context: AttackContext) -> AttackResult:
    """The smallest half of each layer's weights is zero, the others are fine-tuned."""
    network = context.network
    kept = [(np.abs(w) >= np.median(np.abs(w))).astype(np.float32) for w in network.weights]
    return AttackResult(_fine_tuned(context, kept=kept))


def decayed(context: AttackContext) -> AttackResult:
    """Fine-tuned with strong weight decay, straight on the folded weights."""
    return AttackResult(_fine_tuned(context, decay=3e-3))


def quantization_aware(context: AttackContext) -> AttackResult:
    """Fine-tuned through simulated quantization (Jacob et al., CVPR 2018)."""
    return AttackResult(_fine_tuned(context, quantized=True))


def _fine_tuned(
    context: AttackContext,
    *,
    decay: float = 0.0,
    quantized: bool = False,
    kept: list[Any] | None = None,
) -> Network:
    tf = load_tensorflow()
    network = context.network
    kept = kept or [np.ones_like(w) for w in network.weights]
    weights = [tf.Variable(w * k) for w, k in zip(network.weights, kept, strict=True)]
    biases = [tf.Variable(b) for b in network.biases]
    simulated = Simulated(context, current_grids(context, network))

    def loss(x: Any, y: Any, marked: Any, true: Any) -> Any:
        if quantized:
            values = [
                round_to_grid(w, a.axis) for w, a in zip(weights, network.layers, strict=True)
            ]
            logits = simulated.integer(x, values, biases)
        else:
            logits = simulated.floating(x, weights, biases)
        return cross_entropy(y, logits) + decay * tf.add_n([tf.reduce_sum(w**2) for w in weights])

    def keep() -> None:
        for weight, mask in zip(weights, kept, strict=True):
            weight.assign(weight * mask)

    train(context, loss, [(weights + biases, 5e-4)], steps=FINE_TUNING_STEPS, constrain=keep)
    return network.with_parameters([w.numpy() for w in weights], [b.numpy() for b in biases])


HONEST = {
    name: Attack(f"honest-{name}", (run.__doc__ or "").strip(), "control", run)
    for name, run in (
        ("plain", plain),
        ("clipped", clipped),
        ("pruned", pruned),
        ("decayed", decayed),
        ("quantization-aware", quantization_aware),
    )
}
