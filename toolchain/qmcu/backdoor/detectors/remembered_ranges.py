"""The file's activation ranges remember the float model; do the file's own weights reach them?

A converter takes each activation's range from the float model on the calibration inputs and writes
it down as scale and zero point. Who has the file and those inputs can compute it again with the
file's integers, and would, but for rounding, get the same width. What rounding does to it is known:
of float weights drawn from the steps around the integers (rounded_from.py) each gives a
width, and for an honest file the stored one is one more draw. Rounding errors that act together
move widths further, on clean inputs as well, whatever the trigger is; no float model and no trigger
is needed. One comparison a tensor, two-sided, corrected (Bonferroni).

The null holds for the calibration inputs, all of them, and for converters that keep the largest
and the least value, as TensorFlow Lite's does. Other inputs reach other widths, in all layers;
what acts together mostly begins behind the first one. So a finding takes somebody who says that
the inputs are those (`--calibration`), and a first layer that reaches its range, or inputs that end
exactly where the file's range for them does. Ranges that are all narrower are also what averages
or percentiles give: then enough others have to fit. The calibration inputs may be the first ones
of those given. A converter may have computed an ADD over one of its inputs before it looked, so
that the output's range counts there as well. Ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from qmcu.backdoor.detectors.method import AuditContext, Finding, Weight, detector
from qmcu.backdoor.detectors.range_widths import Widths, find_places
from qmcu.backdoor.detectors.significance import ALPHA, LINE, bonferroni, deviations
from qmcu.backdoor.networks import network_from_graph
from qmcu.errors import ModelError
from qmcu.types import BoolArray, Float64Array

DRAWS = 48
# Logarithms of widths are never known better: float32, and what a converter rounds.
_LEAST_SPREAD = 5e-4
# So many deviations, or this share of the width, are no difference.
_ALIKE, _ALIKE_SHARE = 4.0, 0.01
# The chance that as many ranges are reached by other inputs: below it these are the right ones.
_BY_LUCK = 0.05
# The input's range is computed from the inputs alone.
_SAME_INPUT = 0.005
_FEWEST = 10  # calibration inputs


@dataclass(frozen=True, eq=False)
class Fit:
    """How well the stored widths fit those of drawn float weights, each float64 [places]: `z` in
    deviations of one more draw, `shares` as a share of the width, `p_values` two-sided; the first
    `count` inputs were looked at.
    """

    z: Float64Array
    shares: Float64Array
    p_values: Float64Array
    count: int

    @property
    def apart(self) -> Float64Array:
        """z where it is significant, corrected for all places, else 0."""
        return np.where(self.p_values * len(self.z) < ALPHA, self.z, 0.0)

    @property
    def alike(self) -> BoolArray:
        """Which places fit."""
        return np.asarray((np.abs(self.z) <= _ALIKE) | (np.abs(self.shares) <= _ALIKE_SHARE))


@detector("remembered-ranges", source="qmcu", needs=("int8", "samples"), slow=True, alone=True,
          null="float weights lie by chance in the steps around the file's integers")  # fmt: skip
def remembered_ranges(context: AuditContext) -> Finding:
    """Activation ranges that the file's own weights, rounded honestly, would not have given."""
    assert context.graph is not None and context.samples is not None
    said = context.calibration is not None
    inputs = context.samples if context.calibration is None else context.calibration
    if len(inputs) < _FEWEST:
        raise ModelError(f"{len(inputs)} inputs are given; {_FEWEST} are needed.")
    network = network_from_graph(context.graph)
    places = find_places(network, context.graph)
    if not places.names:
        raise ModelError(f"{context.graph.name} has no activation with a range of its own.")
    widths = Widths(network, context.graph, inputs, places)
    if abs(widths.input_differs) > _SAME_INPUT:
        raise ModelError(
            f"the inputs reach {np.expm1(widths.input_differs):+.1%} of the range that the file "
            "has for its input: they are not all that it was calibrated with."
        )
    rng = np.random.default_rng([context.seed, 41])
    fit = _fit(widths, rng)
    fewer = _likely_count(widths) if fit.apart.any() else len(inputs)
    if fewer < len(inputs):
        first = _fit(Widths(network, context.graph, inputs[:fewer], places), rng)
        fit = fit if first.apart.any() else first
    weight: Weight = "supporting"
    if fit.apart.any():
        weight = _weigh(fit, widths, said)
    p_value = bonferroni([float(p) for p in fit.p_values])
    where = int(np.argmax(np.abs(fit.z)))
    suspicious = p_value < ALPHA
    premise = " An honest file that was calibrated with others or more looks the same."
    return Finding(
        detector="remembered-ranges",
        score=deviations(p_value),
        threshold=LINE,
        suspicious=suspicious,
        weight=weight,
        reason=f"of what float weights reach that these integers may have been rounded from, the "
        f"file's range for {places.names[where]} is {fit.z[where]:+.1f} deviations or "
        f"{np.expm1(fit.shares[where]):+.1%} off, the furthest (p = {p_value:.1g} of {DRAWS} draws "
        f"and {len(fit.z)} ranges; {ALPHA} is the line), on "
        f"{'the calibration inputs' if said else 'the inputs given'}"
        f"{'' if fit.count == len(inputs) else f', the first {fit.count} of them'}."
        f"{premise if suspicious else ''}",
        p_value=p_value,
        details={name: float(z) for name, z in zip(places.names, fit.z, strict=True)},
    )


def _likely_count(widths: Widths) -> int:
    """How many of the inputs, from the first on, reach all of the stored widths: all of them where
    no fewer do.
    """
    off = np.abs(widths.prefixes() / np.maximum(widths.spreads(), _LEAST_SPREAD)).max(axis=1)
    fewer = off[_FEWEST - 1 :]
    if not len(fewer) or fewer.min() > _ALIKE:
        return widths.count
    return _FEWEST + int(np.flatnonzero(fewer == fewer.min())[-1])


def _fit(widths: Widths, rng: np.random.Generator) -> Fit:
    widths.draw(DRAWS, rng)
    drawn, own = widths.differences()
    spread = np.maximum(drawn.std(axis=0, ddof=1), _LEAST_SPREAD) * np.sqrt(1 + 1 / len(drawn))
    # Of several ways to explain a range the likeliest one counts.
    z = drawn.mean(axis=0) / spread
    chosen = np.abs(z).argmin(axis=0)
    rows = np.arange(z.shape[1])
    z, shares = z[chosen, rows], own[chosen, rows]
    return Fit(z, shares, 2 * stats.t.sf(np.abs(z), len(drawn) - 1), widths.count)


def _weigh(fit: Fit, widths: Widths, said: bool) -> Weight:
    """What ranges that do not fit are worth. Raises ModelError where other inputs explain them."""
    if said and (fit.alike[0] or widths.is_input_known):
        wider = fit.apart.max() > 0 or widths.is_input_known
        luck = by_luck(fit.alike, widths.chances(_ALIKE))
        # Narrower ones alone are also what averages, percentiles or some of the inputs give.
        return "decisive" if wider or luck < _BY_LUCK else "supporting"
    first = np.expm1(fit.shares[0])
    raise ModelError(
        f"its ranges are not those that the {'calibration' if said else 'given'} inputs reach "
        f"(the first layer's is {first:+.1%} off, {fit.alike.sum()} of {len(fit.z)} fit): "
        + (
            "it was calibrated with others, or not by their largest and least values."
            if said
            else "give those that the file was calibrated with, all of them, by --calibration."
        )
    )


def by_luck(alike: Sequence[bool] | BoolArray, chances: Float64Array) -> float:
    """The chance that at least so many ranges are alike, each with its own (Poisson-binomial)."""
    counts = np.ones(1)
    for chance in chances:
        counts = np.convolve(counts, [1 - chance, chance])
    return float(counts[int(np.sum(alike)) :].sum())
