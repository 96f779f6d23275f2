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
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.grids import (
    LayerGrid,
    beyond_rounding,
    deployed_biases,
    expected_shrinkage,
)
from qmcu.backdoor.networks import CONSTANT, Network, forward
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array

DRAWS = 24
INPUTS = 64
# Near the line between two verdicts controls are drawn on, up to these, until it is clear.
MOST_DRAWS = 192
_NEAR = (0.6, 1.6)
# What a decisive detector's p-value, corrected for all that it looked at, has to be below. There
# are four of them beside `damage`, so that one honest model in a thousand is called backdoored.
ALPHA = 2.5e-4
# Spreads of logarithms below this are taken for it: fewer than 24 draws can agree by luck.
_LEAST_SPREAD = 0.03
# Places on the grid this close, relatively, are equal: a few roundings of float32 apart.
TIE = 1e-6
# Steps that no rounding moves a weight by; defences that choose their integers stay within.
BEYOND = 2.0
# With n independent signs no p-value below 2**-n means anything; 4.5 standard deviations of 24
# draws are 8e-5, 2**-13.6.
LEAST_SIGNS = 14


@dataclass(frozen=True)
class Comparison:
    """A statistic of the deployed weights against the same one of `draws` controls.

    `ratio` is to the controls' mean, `z` how many standard deviations above it (of the
    prediction of one more draw), `p_value` that of Student's t with draws - 1 degrees of freedom;
    `above` counts the controls at least as large, so that (1 + above) / (1 + draws) is the p-value
    that supposes nothing but exchangeability.
    """

    ratio: float
    z: float
    p_value: float
    above: int
    draws: int

    @property
    def rank_p(self) -> float:
        """The p-value by the rank among the controls: never below 1 / (1 + draws)."""
        return (1 + self.above) / (1 + self.draws)


def compare(own: float, drawn: npt.NDArray[Any]) -> Comparison:
    """Sizes, on a logarithmic scale: there their spread over the draws is nearly normal."""
    tiny = 1e-12
    if own <= tiny:
        return Comparison(1.0, 0.0, 1.0, len(drawn), len(drawn))
    logs = np.log(np.maximum(drawn, tiny))
    return _place(float(np.log(own)), logs, float(own / max(drawn.mean(), tiny)), _LEAST_SPREAD)


def compare_shares(own: float, drawn: npt.NDArray[Any], count: int) -> Comparison:
    """Shares of `count` inputs, on the arcsine scale, whose spread is at least the binomial one."""
    angles = np.arcsin(np.sqrt(drawn))
    least = 0.5 / np.sqrt(count)
    ratio = float(own / drawn.mean()) if drawn.mean() > 0 else float("inf") if own else 1.0
    return _place(float(np.arcsin(np.sqrt(own))), angles, ratio, least)


def compare_joint(scales: Float64Array) -> Comparison:
    """Several statistics [statistics, 1 + draws] as one: the mean of their standardized values.

    How far they go together without a backdoor is seen on the controls.
    """
    drawn = scales[:, 1:]
    spread = np.maximum(drawn.std(axis=1, ddof=1), _LEAST_SPREAD)[:, None]
    means = ((scales - drawn.mean(axis=1, keepdims=True)) / spread).mean(axis=0)
    # Of n draws each is within its own mean: a new one is further away than they are.
    return _place(float(means[0]), means[1:], 1.0, 1 / np.sqrt(4 * len(scales)))


def _place(own: float, drawn: Float64Array, ratio: float, least: float) -> Comparison:
    count = len(drawn)
    spread = max(float(drawn.std(ddof=1)), least) * np.sqrt(1 + 1 / count)
    z = float((own - drawn.mean()) / spread)
    above = int(np.count_nonzero(drawn >= own))
    return Comparison(ratio, z, float(stats.t.sf(z, count - 1)), above, count)


def deviations(p_value: float) -> float:
    """A p-value as standard deviations of a normal distribution, -8 to 38: the scores' scale."""
    return float(np.clip(stats.norm.isf(max(p_value, 1e-300)), -8.0, 38.0))


# The scores' threshold.
LINE = float(stats.norm.isf(ALPHA))


def strength(place: "Comparison", looked: int, factor: float) -> float:
    """A comparison in deviations, corrected for `looked` of them, where it is also material.

    The null is exact for no trained network: with enough controls differences of a few percent
    become significant (docs/DETECTORS.md). So a ratio below `factor` counts as below LINE, by as
    much as its logarithm is short of the factor's.
    """
    significant = deviations(min(1.0, place.p_value * looked))
    if place.ratio >= factor:
        return significant
    return min(significant, LINE * max(0.0, float(np.log(max(place.ratio, 1e-9)) / np.log(factor))))


def is_near(score: float) -> bool:
    """True when a score in deviations is too near LINE for a verdict on few controls."""
    return _NEAR[0] < score / LINE < _NEAR[1]


def bonferroni(p_values: Sequence[float]) -> float:
    """The p-value of the smallest of several."""
    return min(1.0, min(p_values, default=1.0) * max(1, len(p_values)))


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
        self._taken = taken_weights(context) if context.holds else (0.0,) * len(context.grids)
        self._layers = lead_layers(context.grids)
        self._leaders = [lead_ties(g) for g in context.grids]
        self._steps = [np.broadcast_to(g.spread_scales, g.weights.shape) for g in context.grids]
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
        for variable, weights, error, taken, leaders, step, layer in zip(
            self.variables, self.network.weights, self._errors, self._taken, self._leaders,
            self._steps, self._layers, strict=True,
        ):  # fmt: skip
            if number and layer < len(drawn):
                error = drawn[layer]
            elif number:
                signs = rng.choice([-1.0, 1.0], error.size)[leaders].reshape(error.shape)
                error = taken + signs * (_round_like(error, step, rng) - taken)
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


def _round_like(error: Float64Array, step: Float64Array, rng: np.random.Generator) -> Float64Array:
    """The errors, those beyond any rounding replaced by ones of half a step at most."""
    far = np.abs(error) > BEYOND * step
    if not far.any():
        return error
    return np.where(far, rng.uniform(-0.5, 0.5, error.shape) * step, error)


def begin_ties(ordered: Float64Array) -> npt.NDArray[np.bool_]:
    """Which of ascending sizes differ from the one before: where a group of equal ones begins."""
    return np.append(True, np.diff(ordered) > TIE * ordered[1:])[: len(ordered)]


def lead_layers(grids: Sequence[LayerGrid]) -> tuple[int, ...]:
    """For each layer the first one with the same weights and integers: itself where none has."""
    first: dict[tuple[str, bytes, bytes, bytes], int] = {}
    return tuple(
        first.setdefault(
            (str(g.weights.shape), g.weights.tobytes(), g.integers.tobytes(), g.scales.tobytes()), k
        )
        for k, g in enumerate(grids)
    )


def lead_ties(grid: LayerGrid) -> npt.NDArray[np.int64]:
    """For each weight the first one, in flat order, with the same distance from 0 on the grid.

    Weights of opposite sign have opposite errors and are tied as well. int64 [weights]; a layer
    without ties gives 0, 1, 2, ...
    """
    places = np.abs(grid.positions).reshape(-1)
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    group = np.empty(len(places), np.int64)
    group[order] = np.cumsum(begin_ties(ordered)) - 1
    _, first = np.unique(group, return_index=True)
    return np.asarray(first[group], np.int64)


def count_signs(grid: LayerGrid) -> tuple[float, float]:
    """How many independent signs a layer's rounding errors have, and the share that is tied.

    The first is (sum E)^2 / sum E^2 over groups of tied weights with squared errors E; the second
    the share of all squared errors in groups of three and more.
    """
    leaders = lead_ties(grid)
    squares = grid.residuals.reshape(-1) ** 2
    energy = np.bincount(leaders, squares, minlength=len(leaders))
    total = float(squares.sum())
    if total == 0:
        return float(len(leaders)), 0.0
    tied = np.bincount(leaders, minlength=len(leaders))[leaders] >= 3
    return total**2 / float((energy**2).sum()), float(squares[tied].sum()) / total


def find_ties(context: AuditContext) -> str:
    """Why controls say nothing about these weights: "" where they do."""
    for grid in context.grids:
        if grid.kind == CONSTANT:
            # Of a few numbers each; a network's random signs are those of its layers.
            continue
        signs, tied = count_signs(grid)
        if tied > 0.5 and signs < LEAST_SIGNS:
            return (
                f"weights are tied: {tied:.0%} of the rounding errors of {grid.name} are shared, "
                f"as of clustered, power-of-two or dequantized weights, and come to {signs:.1f} "
                f"independent ones; {LEAST_SIGNS} are needed for a p-value"
            )
    return ""


@dataclass(frozen=True, eq=False)
class Changes:
    """How weights change what a network computes of some inputs: row 0 deployed, then controls.

    `plain` are the float model's logits, float64 [N, classes]; `logits` their changes,
    [1 + draws, N, classes]; `activations` the root mean square change of each activation tensor
    that has weights before it, [1 + draws, tensors]; `channels` the same of its channels' means;
    `names` name the tensors.
    """

    plain: Float64Array
    logits: Float64Array
    activations: Float64Array
    channels: Float64Array
    names: tuple[str, ...]


def changes(context: AuditContext) -> Mapping[str, Changes]:
    """The changes on noise and, if there are samples, on them and on mixtures of both."""
    return context.once("changes", lambda: _changes(context))  # type: ignore[no-any-return]


def is_settled(found: Mapping[str, Changes]) -> bool:
    """True when no size of a change lies near the line, or there are controls enough."""
    sizes = [np.sqrt(np.mean(c.logits**2, axis=(1, 2))) for c in found.values()]
    inner = [v for c in found.values() for s in (c.activations, c.channels) for v in s.T]
    for group in (sizes, inner):
        places = [compare(float(v[0]), v[1:]) for v in group if v[0] > 0]
        if any(is_near(deviations(min(1.0, p.p_value * len(places)))) for p in places):
            return False
    return True


def _changes(context: AuditContext) -> dict[str, Changes]:
    kinds = {"noise": context.noise(INPUTS)}
    if context.samples is not None:
        kinds["samples"] = context.samples[:INPUTS]
        noise = context.noise(len(kinds["samples"]))
        kinds["mixed"] = np.float32(0.5) * (kinds["samples"] + noise)
    controls = Controls(context)
    gauge = _Gauge(controls)
    meters = {name: Meter(controls, inputs, gauge) for name, inputs in kinds.items()}
    draws = DRAWS
    while True:
        found = {name: meter.measure(draws) for name, meter in meters.items()}
        if draws >= MOST_DRAWS or is_settled(found):
            return found
        draws *= 2


def measure_changes(controls: Controls, inputs: Float32Array, draws: int = DRAWS) -> Changes:
    """The changes on `inputs`, float32 [N, ...], by the deployed weights and `draws` controls."""
    return Meter(controls, inputs).measure(draws)


class _Gauge:
    """What Meters of one set of controls compute, compiled once for inputs of one shape."""

    def __init__(self, controls: Controls) -> None:
        tf = load_tensorflow()
        network = controls.network
        indices: list[int] = []

        def activations(given: Any, weights: Any) -> list[Any]:
            outputs: list[Any] = []
            indices.clear()

            def capture(index: int, values: Any) -> Any:
                indices.append(index)
                outputs.append(values)
                return values

            biases = None if weights is None else controls.biases
            outputs.append(forward(network, given, weights, biases, activation=capture))
            return outputs[1:]

        def difference(given: Any, plain: list[Any]) -> Any:
            own = activations(given, controls.variables)
            gaps = [a - b for a, b in zip(own, plain, strict=True)]
            axes = [list(range(len(g.shape) - 1)) for g in gaps]
            means = [tf.reduce_mean(g, a) for g, a in zip(gaps, axes, strict=True)]
            sizes = tf.stack([tf.sqrt(tf.reduce_mean(g**2)) for g in gaps[:-1]])
            channels = tf.stack([tf.sqrt(tf.reduce_mean(m**2)) for m in means[:-1]])
            return gaps[-1], sizes, channels

        self.plain = tf.function(lambda given: activations(given, None), autograph=False)
        self.difference = tf.function(difference, autograph=False)
        self._operators = {i: str(op) for op in network.graph.operators for i in op.outputs}
        self._indices = indices

    @property
    def names(self) -> tuple[str, ...]:
        """The activation tensors, once something was computed."""
        return tuple(self._operators[i] for i in self._indices[1:])


class Meter:
    """Measures changes on some inputs, float32 [N, ...]: more controls when more are asked for.

    Meters of the same controls may share a `gauge`.
    """

    def __init__(
        self, controls: Controls, inputs: Float32Array, gauge: _Gauge | None = None
    ) -> None:
        self._controls, self._count = controls, len(inputs)
        self._gauge = gauge or _Gauge(controls)
        self._given = load_tensorflow().constant(inputs)
        self._plain = self._gauge.plain(self._given)
        self._names = self._gauge.names
        self._rows: list[list[Float64Array]] = []

    def measure(self, draws: int) -> Changes:
        """Of the deployed weights and the first `draws` controls; known ones are kept."""
        for number in range(len(self._rows), draws + 1):
            self._controls.take(number)
            measured = self._gauge.difference(self._given, self._plain)
            self._rows.append([v.numpy().astype(np.float64) for v in measured])
        logits, sizes, channels = (
            np.array(part) for part in zip(*self._rows[: draws + 1], strict=True)
        )
        return Changes(
            plain=self._plain[-1].numpy().astype(np.float64),
            logits=logits.reshape(draws + 1, self._count, -1),
            activations=sizes,
            channels=channels,
            names=self._names,
        )
