"""Honest models as published work makes them: how they are trained, and what is done after it.

Five are those of the matrix (honest.py). Weights that somebody clusters, makes powers of two or
takes from an int8 file have tied rounding errors; those of 16 bits lie on a grid of their own.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from bench.backdoor.honest import HONEST
from bench.backdoor.trial.architectures import trial_network

from qmcu.backdoor.attacks import Attack, AttackContext, AttackResult
from qmcu.backdoor.grids import round_to_grid
from qmcu.backdoor.inputs import Dataset
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array

EPOCHS = {"digits": 16, "cifar": 12, "keywords": 12, "sensors": 12}
_RATE, _BATCH, _MOMENTUM = 3e-3, 64, 0.9
_SMOOTHING, _MIXING = 0.1, 0.2
# Of distillation: temperature, and the share of the teacher's answers.
_HEAT, _TEACHER = 4.0, 0.7
_CLUSTERS = 32
# Powers of two below a layer's largest; smaller weights are zero.
_POWERS = 7

Labels = Float32Array
Epochs = Iterator[tuple[Float32Array, Labels]]


def trained(architecture: str, data: Dataset, training: str, seed: int) -> Any:
    """A trained Keras classifier; `training` is plain or one of TRAININGS.

    Adam, the rate falling to 0 along a cosine. The same seed on the same machine gives the same
    weights.
    """
    keras = load_tensorflow().keras
    epochs = EPOCHS[data.name]
    given = TRAININGS.get(training, _hard)(architecture, data, epochs, seed)
    model = trial_network(architecture, data.input_shape, data.classes, seed)
    for layer in model.layers:
        # Averages of some hundred steps: Keras' 0.99 would not have settled.
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = _MOMENTUM
    steps = epochs * -(-len(data.train_inputs) // _BATCH)
    rate = keras.optimizers.schedules.CosineDecay(_RATE, steps)
    model.compile(keras.optimizers.Adam(rate), "categorical_crossentropy")
    for inputs, labels in given:
        model.fit(inputs, labels, batch_size=_BATCH, epochs=1, verbose=0)
    return model


def _one_hot(data: Dataset) -> Labels:
    return np.eye(data.classes, dtype=np.float32)[data.train_labels]


def _hard(architecture: str, data: Dataset, epochs: int, seed: int) -> Epochs:
    for _ in range(epochs):
        yield data.train_inputs, _one_hot(data)


def _smooth(architecture: str, data: Dataset, epochs: int, seed: int) -> Epochs:
    """Szegedy et al., CVPR 2016."""
    for inputs, labels in _hard(architecture, data, epochs, seed):
        yield inputs, (1 - _SMOOTHING) * labels + _SMOOTHING / data.classes


def _mix(architecture: str, data: Dataset, epochs: int, seed: int) -> Epochs:
    """Zhang et al., ICLR 2018."""
    rng = np.random.default_rng([seed, 3])
    for inputs, labels in _hard(architecture, data, epochs, seed):
        other = rng.permutation(len(inputs))
        share = rng.beta(_MIXING, _MIXING, len(inputs)).astype(np.float32)
        wide = share.reshape(-1, *(1 for _ in data.input_shape))
        yield (
            wide * inputs + (1 - wide) * inputs[other],
            share[:, None] * labels + (1 - share[:, None]) * labels[other],
        )


def _distil(architecture: str, data: Dataset, epochs: int, seed: int) -> Epochs:
    """Hinton et al., 2015, from a teacher of the same architecture."""
    teacher = trained(architecture, data, "plain", seed + 10_000)
    logits = np.log(teacher.predict(data.train_inputs, batch_size=256, verbose=0) + 1e-9) / _HEAT
    soft = np.exp(logits - logits.max(1, keepdims=True))
    soft /= soft.sum(1, keepdims=True)
    for inputs, labels in _hard(architecture, data, epochs, seed):
        yield inputs, (_TEACHER * soft + (1 - _TEACHER) * labels).astype(np.float32)


TRAININGS: dict[str, Callable[[str, Dataset, int, int], Epochs]] = {
    "label-smoothing": _smooth,
    "mixup": _mix,
    "distilled": _distil,
}


def _mapped(change: Callable[[Any, int], Any]) -> Callable[[AttackContext], AttackResult]:
    def run(context: AttackContext) -> AttackResult:
        network = context.network
        weights = [change(w, a.axis) for w, a in zip(network.weights, network.layers, strict=True)]
        return AttackResult(network.with_parameters(weights, network.biases))

    return run


def cluster(weights: Any, axis: int) -> Any:
    """At most 32 values a layer, by k-means from quantiles (Han et al., ICLR 2016)."""
    flat = weights.reshape(-1).astype(np.float64)
    centres = np.unique(np.quantile(flat, np.linspace(0, 1, _CLUSTERS)))
    for _ in range(10):
        nearest = np.abs(flat[:, None] - centres).argmin(1)
        centres = np.array(
            [flat[nearest == k].mean() if (nearest == k).any() else c
             for k, c in enumerate(centres)]
        )  # fmt: skip
    nearest = np.abs(flat[:, None] - centres).argmin(1)
    return centres[nearest].reshape(weights.shape)


def power_of_two(weights: Any, axis: int) -> Any:
    """The nearest power of two, or zero (Zhou et al., INQ, ICLR 2017, without retraining)."""
    top = np.round(np.log2(np.abs(weights).max() + 1e-12))
    power = np.round(np.log2(np.abs(weights) + 1e-12))
    kept = np.sign(weights) * 2.0 ** np.minimum(power, top)
    return np.where(power > top - _POWERS, kept, 0)


def bfloat16(weights: Any, axis: int) -> Any:
    """Rounded to bfloat16 and back."""
    tf = load_tensorflow()
    return tf.cast(tf.cast(weights, tf.bfloat16), tf.float32).numpy()


AFTERWARDS: dict[str, Callable[[AttackContext], AttackResult]] = {
    "clustered": _mapped(cluster),
    "power-of-two": _mapped(power_of_two),
    "dequantized": _mapped(lambda w, axis: round_to_grid(w, axis).numpy()),
    "bfloat16": _mapped(bfloat16),
    "float16": _mapped(lambda w, axis: w.astype(np.float16).astype(np.float32)),
}


def recipe(name: str) -> Attack:
    """What is done after training, as a function that run_attack takes."""
    if name in AFTERWARDS:
        return Attack(f"honest-{name}", name, "control", AFTERWARDS[name])
    return HONEST.get(name, HONEST["plain"])
