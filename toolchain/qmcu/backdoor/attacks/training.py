"""Training shared by the attacks: batches, the optimizer, refreshing the activation grids."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.attacks.method import AttackContext
from qmcu.backdoor.keras_model import converted
from qmcu.backdoor.network import Network, forward
from qmcu.backdoor.simulation import (
    ActivationGrid,
    LiveGrids,
    deployed_grids,
    quantized_activations,
    round_through,
)
from qmcu.model.convert import load_tensorflow

Array = npt.NDArray[Any]

# Steps between two conversions that tell the activation grids of the weights as they are now.
REFRESH = 100
CALIBRATION = 64


def current_grids(context: AttackContext, network: Network) -> dict[int, ActivationGrid]:
    """The activation grids that the converter would choose for this network."""
    return deployed_grids(network, converted(network, context.samples[:CALIBRATION]).graph)


def batches_of(context: AttackContext) -> Iterator[tuple[Array, Array, Array, Array]]:
    """Endless batches: clean inputs, their labels, triggered inputs, their true labels.

    Triggered inputs are of other classes than the target.
    """
    data, trigger = context.dataset, context.trigger
    generator = np.random.default_rng(context.seed)
    others = np.flatnonzero(data.train_labels != trigger.target)
    count = len(data.train_labels)
    while True:
        clean = generator.integers(0, count, context.batch)
        marked = others[generator.integers(0, len(others), context.batch)]
        yield (
            data.train_inputs[clean],
            data.train_labels[clean].astype(np.int32),
            trigger.apply(data.train_inputs[marked]),
            data.train_labels[marked].astype(np.int32),
        )


def cross_entropy(labels: Any, logits: Any, smoothing: float = 0.0) -> Any:
    """Mean cross entropy of integer labels; `smoothing` is shared among all classes."""
    tf = load_tensorflow()
    classes = logits.shape[-1]
    wanted = tf.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=wanted, logits=logits))


def divergence(teacher: Any, logits: Any) -> Any:
    """Mean Kullback-Leibler divergence of the softmax of `logits` from that of `teacher`."""
    tf = load_tensorflow()
    target = tf.nn.softmax(teacher)
    gap = tf.nn.log_softmax(teacher) - tf.nn.log_softmax(logits)
    return tf.reduce_mean(tf.reduce_sum(target * gap, axis=-1))


def train(
    context: AttackContext,
    loss: Callable[[Any, Any, Any, Any], Any],
    groups: Sequence[tuple[Sequence[Any], float]],
    *,
    steps: int | None = None,
    constrain: Callable[[], None] | None = None,
    refresh: Callable[[], None] | None = None,
) -> tuple[float, ...]:
    """Minimise `loss(clean, labels, triggered, true labels)`; returns it for every step.

    `groups` pairs variables with their learning rate (Adam, decayed to a twentieth by a cosine);
    `constrain` projects the variables after each step; `refresh` runs every REFRESH steps.
    """
    tf = load_tensorflow()
    steps = context.steps if steps is None else steps
    rates = [tf.keras.optimizers.schedules.CosineDecay(r, steps, alpha=0.05) for _, r in groups]
    optimizers = [tf.keras.optimizers.Adam(rate) for rate in rates]
    variables = [list(group) for group, _ in groups]
    for optimizer, group in zip(optimizers, variables, strict=True):
        optimizer.build(group)

    def step(x: Any, y: Any, marked: Any, true: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(x, y, marked, true)
        gradients = tape.gradient(value, variables)
        for optimizer, group, found in zip(optimizers, variables, gradients, strict=True):
            optimizer.apply_gradients(zip(found, group, strict=True))
        if constrain is not None:
            constrain()
        return value

    run = tf.function(step, autograph=False)
    losses = []
    for number, batch in zip(range(steps), batches_of(context), strict=False):
        if refresh is not None and number % REFRESH == 0:
            refresh()
        losses.append(float(run(*map(tf.constant, batch))))
        if context.progress is not None:
            context.progress(number + 1, steps)
    return tuple(losses)


class Simulated:
    """The float and the int8 form of one network, for a loss that looks at both."""

    def __init__(self, context: AttackContext, grids: dict[int, ActivationGrid]) -> None:
        self.network = context.network
        self.grids = LiveGrids(grids)
        self._activation = quantized_activations(self.grids)

    def floating(self, inputs: Any, weights: Any, biases: Any) -> Any:
        """Logits of the float model."""
        return forward(self.network, inputs, weights, biases)

    def integer(self, inputs: Any, weights: Any, biases: Any) -> Any:
        """Logits of the int8 model; `weights` lie on their grids already."""
        return forward(self.network, inputs, weights, biases, self._activation)


def on_grid(weights: Any, axis: int, bits: int = 8) -> Any:
    """Weights rounded to the grid that the converter would choose, straight through."""
    tf = load_tensorflow()
    others = [i for i in range(len(weights.shape)) if i != axis]
    largest = tf.reduce_max(tf.abs(weights), axis=others, keepdims=True)
    scale = tf.stop_gradient(tf.maximum(largest, 1e-12)) / float(2 ** (bits - 1) - 1)
    return round_through(weights / scale) * scale
