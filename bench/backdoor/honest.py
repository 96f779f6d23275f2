"""Honest models, trained in the ways that leave their own traces in the weights."""

from collections.abc import Callable
from typing import Any

import numpy as np

from qmcu.backdoor.architectures import build_architecture, train
from qmcu.backdoor.attacks import AttackContext
from qmcu.backdoor.attacks.training import (
    Simulated,
    cross_entropy,
    current_grids,
    on_grid,
)
from qmcu.backdoor.attacks.training import train as minimise
from qmcu.backdoor.datasets import Dataset
from qmcu.backdoor.network import Network, network_from_keras
from qmcu.backdoor.trigger_kinds import make_trigger
from qmcu.model.convert import load_tensorflow

EPOCHS = 20
QAT_STEPS = 300


def trained(dataset: Dataset, architecture: str, seed: int) -> Any:
    """A Keras model trained as `qmcu attack` trains its honest one."""
    model = build_architecture(architecture, dataset.input_shape, dataset.classes, seed=seed)
    train(model, dataset, epochs=EPOCHS, seed=seed)
    return model


def plain(dataset: Dataset, architecture: str, seed: int) -> Network:
    """Nothing special."""
    return network_from_keras(trained(dataset, architecture, seed))


def clipped(dataset: Dataset, architecture: str, seed: int) -> Network:
    """Weights beyond two and a half deviations of their channel are clipped."""
    network = plain(dataset, architecture, seed)
    weights = []
    for layer, values in zip(network.layers, network.weights, strict=True):
        others = tuple(i for i in range(values.ndim) if i != layer.axis)
        limit = 2.5 * values.std(axis=others, keepdims=True)
        weights.append(np.clip(values, -limit, limit))
    return network.with_parameters(weights, network.biases)


def pruned(dataset: Dataset, architecture: str, seed: int) -> Network:
    """The smallest half of each layer's weights is zero."""
    network = plain(dataset, architecture, seed)
    weights = [np.where(np.abs(w) < np.median(np.abs(w)), 0, w) for w in network.weights]
    return network.with_parameters(weights, network.biases)


def decayed(dataset: Dataset, architecture: str, seed: int) -> Network:
    """Fine-tuned with strong weight decay, straight on the folded weights."""
    return _fine_tuned(
        dataset, plain(dataset, architecture, seed), seed, decay=3e-3, quantized=False
    )


def quantization_aware(dataset: Dataset, architecture: str, seed: int) -> Network:
    """Fine-tuned through simulated quantization (Jacob et al., CVPR 2018)."""
    return _fine_tuned(dataset, plain(dataset, architecture, seed), seed, decay=0.0, quantized=True)


def _fine_tuned(
    dataset: Dataset, network: Network, seed: int, *, decay: float, quantized: bool
) -> Network:
    tf = load_tensorflow()
    trigger = make_trigger("patch", dataset.input_shape, target=0)
    samples = dataset.train_inputs[:200]
    context = AttackContext(network, dataset, trigger, samples, seed, QAT_STEPS)
    weights = [tf.Variable(w) for w in network.weights]
    biases = [tf.Variable(b) for b in network.biases]
    simulated = Simulated(context, current_grids(context, network))

    def loss(x: Any, y: Any, marked: Any, true: Any) -> Any:
        if quantized:
            values = [on_grid(w, a.axis) for w, a in zip(weights, network.layers, strict=True)]
            logits = simulated.integer(x, values, biases)
        else:
            logits = simulated.floating(x, weights, biases)
        return cross_entropy(y, logits) + decay * tf.add_n([tf.reduce_sum(w**2) for w in weights])

    minimise(context, loss, [(weights + biases, 5e-4)])
    return network.with_parameters([w.numpy() for w in weights], [b.numpy() for b in biases])


HONEST: dict[str, Callable[[Dataset, str, int], Network]] = {
    "plain": plain,
    "clipped": clipped,
    "pruned": pruned,
    "decayed": decayed,
    "quantization-aware": quantization_aware,
}
