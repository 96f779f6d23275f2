"""What honest rounding does: the same network with the signs of its rounding errors drawn anew.

Rounding to nearest knows nothing of what the network computes: each error might as well have had
the other sign. So, for an honest model, the deployed weights and any number of *controls*, float
weights plus the same errors with random signs, are exchangeable: no statistic tells which of them
was deployed. A backdoor that exists only after rounding is errors that act together; random signs
break it. Whatever is measured on the deployed weights is measured on the controls as well, and the
p-value is that of the deployed one among them.

Weights that are equal on the grid (clustered, shared, dequantized, powers of two) have equal
rounding errors: theirs are no independent draws, so a control flips them together. Where a layer
has too few different ones left for any p-value, `find_ties` says so and no control is made.
Layers that share their weights, as the steps of a recurrent one that are written out and the two
sides of a siamese network, are rounded once and have one draw.

What rounding takes in the mean from slices of weights below a step (grids/shrinkage.py) is no
chance either: controls have it as well, and random signs only on what is left of the errors. Of
files with a scale a channel nothing is taken. What could hide there `vanishing-weights` looks for.

Nor is it chance what a quantizer cuts off that chose scales narrower than the largest weights (by a
percentile, or the least squared error): given the scale, all of these lose what lies beyond the
grid's end. Controls have that as it is; what could hide there `cut-weights` looks for.
"""

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.ties import lead_layers, lead_ties
from qmcu.backdoor.grids import beyond_rounding, deployed_biases, expected_shrinkage
from qmcu.backdoor.networks import Network
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float64Array

BoolArray = npt.NDArray[np.bool_]

DRAWS = 24
INPUTS = 64
# Near the line between two verdicts controls are drawn on, up to these, until it is clear.
MOST_DRAWS = 192
# Steps that no rounding moves a weight by; defences that choose their integers stay within.
BEYOND = 2.0


class Controls:
    """The float network with parameters that can be exchanged: deployed ones, or a control's.

    `variables` and `biases` are TensorFlow variables for `forward`; `take(0)` gives them what the
    file computes with, `take(k)` control k, the same for the same seed of the audit. Errors that
    no rounding makes (edited scales or biases) are in the deployed parameters alone: a control has
    errors of rounding's size there.
    """

    def __init__(self, context: AuditContext) -> None:
        assert context.network is not None
        self.network: Network = context.network
        self._seed = context.seed
        assert context.graph is not None
        tf = load_tensorflow()
        self._errors = [g.integers * g.spread_scales - g.weights for g in context.grids]
        self._held = held_errors(context)
        self._layers = lead_layers(context.grids)
        self._leaders = [lead_ties(g) for g in context.grids]
        self._steps = [np.broadcast_to(g.spread_scales, g.weights.shape) for g in context.grids]
        self._far = [
            np.where(g.cut_off, not context.holds_cut, np.abs(g.residuals) > BEYOND)
            for g in context.grids
        ]
        deployed = deployed_biases(context.graph, context.grids)
        self._bias_steps = [steps for _, steps in deployed]
        self._bias_errors = [
            np.where(np.isfinite(values), values - own, 0.0)
            for (values, _), own in zip(deployed, self.network.biases, strict=True)
        ]
        self.variables = [tf.Variable(w) for w in self.network.weights]
        self.biases = [tf.Variable(b) for b in self.network.biases]

    def take(self, number: int) -> None:
        """Weights of control `number`, the deployed ones for 0."""
        rng = np.random.default_rng([self._seed, number])
        drawn: list[Float64Array] = []
        for variable, weights, error, held, leaders, step, far, layer in zip(
            self.variables, self.network.weights, self._errors, self._held, self._leaders,
            self._steps, self._far, self._layers, strict=True,
        ):  # fmt: skip
            if number and layer < len(drawn):
                error = drawn[layer]
            elif number:
                signs = rng.choice([-1.0, 1.0], error.size)[leaders].reshape(error.shape)
                error = held + signs * (_round_like(error, step, far, rng) - held)
            drawn.append(error)
            variable.assign((weights + error).astype(np.float32))
        # Rounding a bias is nothing beside rounding weights: controls have float's own.
        for variable, own, error, step in zip(
            self.biases, self.network.biases, self._bias_errors, self._bias_steps, strict=True
        ):
            edited = beyond_rounding(error, step, own)
            variable.assign((own + np.where(edited & (number == 0), error, 0.0)).astype(np.float32))


def taken_weights(context: AuditContext) -> tuple[Float64Array, ...]:
    """What rounding to the nearest does in the mean to each weight, of its slice's size: float64
    as the weights, mostly 0.
    """

    def make() -> tuple[Float64Array, ...]:
        return tuple(g.weights * expected_shrinkage(g) for g in context.grids)

    return context.once("taken weights", make)  # type: ignore[no-any-return]


def held_errors(context: AuditContext) -> tuple[Float64Array, ...]:
    """The part of each weight's error that controls have as the deployed weights have it."""

    def make() -> tuple[Float64Array, ...]:
        taken = [t if context.holds else np.zeros_like(t) for t in taken_weights(context)]
        if not context.holds_cut:
            return tuple(taken)
        return tuple(
            np.where(grid.cut_off, -grid.residuals * grid.spread_scales, one)
            for grid, one in zip(context.grids, taken, strict=True)
        )

    return context.once("held errors", make)  # type: ignore[no-any-return]


def _round_like(
    error: Float64Array, step: Float64Array, far: BoolArray, rng: np.random.Generator
) -> Float64Array:
    """The errors, those `far` beyond any rounding replaced by ones of half a step at most."""
    if not far.any():
        return error
    return np.where(far, rng.uniform(-0.5, 0.5, error.shape) * step, error)
