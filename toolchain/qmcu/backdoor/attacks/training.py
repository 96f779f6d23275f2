"""Training shared by the attacks: batches, the optimizer, refreshing the activation grids."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from qmcu.backdoor.attacks.method import AttackContext
from qmcu.backdoor.grids import ActivationGrid, LiveGrids, quantize_activations, read_grids
from qmcu.backdoor.networks import Network, convert_network, descend, forward
from qmcu.types import Array

# Steps between two conversions that tell the activation grids of the weights as they are now.
REFRESH = 100
CALIBRATION = 64


def current_grids(context: AttackContext, network: Network) -> dict[int, ActivationGrid]:
    """The activation grids that the converter would choose for this network."""
    return read_grids(network, convert_network(network, context.samples[:CALIBRATION]).graph)


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

    def before(number: int) -> None:
        if refresh is not None and number % REFRESH == 0:
            refresh()

    return descend(
        loss,
        batches_of(context),
        groups,
        context.steps if steps is None else steps,
        constrain=constrain,
        before=before,
        progress=context.progress,
    )


class Simulated:
    """The float and the int8 form of one network, for a loss that looks at both."""

    def __init__(self, context: AttackContext, grids: dict[int, ActivationGrid]) -> None:
        self.network = context.network
        self.grids = LiveGrids(grids)
        self._activation = quantize_activations(self.grids)

    def floating(self, inputs: Any, weights: Any, biases: Any) -> Any:
        """Logits of the float model."""
        return forward(self.network, inputs, weights, biases)

    def integer(self, inputs: Any, weights: Any, biases: Any) -> Any:
        """Logits of the int8 model; `weights` lie on their grids already."""
        return forward(self.network, inputs, weights, biases, self._activation)
