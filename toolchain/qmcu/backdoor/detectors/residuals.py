"""Where weights lie between two grid points.

Honest weights know nothing of the grid: w / scale - round(w / scale) is uniform in (-1/2, 1/2).
A weight that was pushed to a rounding boundary, or snapped to the grid, is not. Three tests, all
corrected for their number (Bonferroni): of each layer and of each channel against the uniform
distribution (Kolmogorov-Smirnov, one sample), and whether a layer's channels share one distribution
(chi-squared of homogeneity, many samples). Weights at the end of the grid, which fix the scale, and
those at zero, where pruning and decay bring what is of no use, are left out; equal ones, as of
clustered or half-precision weights, count once, for they are no independent draws. Neither do
channels count whose weights lie within about a step, as of neurons that training left for dead:
there the place on the grid is the weight's size, which nothing makes uniform.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.significance import bonferroni
from qmcu.backdoor.detectors.ties import begin_ties
from qmcu.backdoor.grids import LARGEST, LayerGrid
from qmcu.types import Float64Array

# Both have to be exceeded: honest weight clipping and quantization-aware training leave significant
# traces in large layers, and small layers differ much by chance.
DISTANCE = 0.05
SIGNIFICANCE = 1e-6
LEAST = 50
_BINS = 8
# Steps between the quartiles of a normal distribution whose standard deviation is one step: there
# the mean square of its residuals is uniform's within 1e-8, at half of it within 1 %.
_LEAST_QUARTILES = 1.35
# Steps from zero within which a weight counts as none: those behind dead neurons decay towards it.
_ZERO = 0.05
# Steps within which a weight lies on a grid point, as exactly as float32 tells. Rounding does
# nothing to a layer of such weights alone, as of a float model that was made from the int8 file.
_EXACT = 1e-3


@dataclass(frozen=True)
class _Test:
    """One test: `effect` is the distance from the null beyond what chance gives."""

    name: str
    effect: float
    p_value: float


@detector("residuals", source="qmcu; Egashira et al., NeurIPS 2024 describe the trace",
          needs=("float", "int8"), null="residuals are uniform")  # fmt: skip
def residuals(context: AuditContext) -> Finding:
    """Weights that lie elsewhere between grid points than chance would put them."""
    tests = [test for grid in context.grids for test in _tests(grid)]
    count = max(1, len(tests))
    scores = {t.name: significant(t.effect / DISTANCE, t.p_value * count) for t in tests}
    score = max(scores.values(), default=0.0)
    where = max(scores, key=lambda name: scores[name], default="no layer")
    suspicious = score > 1
    words = "not uniform" if suspicious else "as uniform as chance would have them"
    p_value = bonferroni([t.p_value for t in tests])
    return Finding(
        detector="residuals",
        score=score,
        threshold=1.0,
        suspicious=suspicious,
        weight="supporting",
        reason=f"the weights' places between grid points are {words}: most conspicuous is {where} "
        f"of {len(tests)} tests (p = {max(p_value, 1e-300):.2g}, corrected).",
        p_value=p_value,
        details={t.name: t.effect for t in tests if " " not in t.name or scores[t.name] > 1},
    )


def significant(effect: float, p_value: float) -> float:
    """A score above 1 when the effect, in units of what is allowed, and its p-value both are."""
    rarity = np.log(max(p_value, 1e-300)) / np.log(SIGNIFICANCE)
    return float(max(0.0, min(effect, rarity)))


def used_residuals(grid: LayerGrid) -> Float64Array:
    """Distance to the nearest grid point of each weight that may lie anywhere, in steps."""
    positions = grid.channels(grid.positions)
    return _select_used(positions[_spread_out(positions)].reshape(-1))


def channel_residuals(grid: LayerGrid) -> Iterator[tuple[int, Float64Array]]:
    """The same for each output channel with enough weights for a test."""
    positions = grid.channels(grid.positions)
    for number in np.flatnonzero(_spread_out(positions)):
        values = _select_used(positions[number])
        if len(values) >= LEAST:
            yield int(number), values


def _spread_out(positions: Float64Array) -> npt.NDArray[np.bool_]:
    """Which channels [channels, rest] spread over so many steps that chance places them between."""
    if np.abs(positions - np.round(positions)).max(initial=0.0) < _EXACT:
        return np.zeros(len(positions), np.bool_)
    spreads = [_quartiles(own[np.abs(own) > _ZERO]) for own in positions]
    return np.array([spread >= _LEAST_QUARTILES for spread in spreads], np.bool_)


def _quartiles(values: Float64Array) -> float:
    if not len(values):
        return 0.0
    low, high = np.quantile(values, (0.25, 0.75))
    return float(high - low)


def _select_used(positions: Float64Array) -> Float64Array:
    inside = (np.abs(positions) < LARGEST - 0.5) & (np.abs(positions) > _ZERO)
    kept = positions[inside]
    kept = kept[np.argsort(np.abs(kept), kind="stable")]
    kept = kept[begin_ties(np.abs(kept))]
    return np.asarray(kept - np.round(kept))


def uniform_test(name: str, values: Float64Array) -> _Test:
    """Kolmogorov-Smirnov of values in [-1/2, 1/2]; the effect is beyond the mean distance."""
    test = stats.kstest(values, stats.uniform(-0.5, 1).cdf)
    expected = 0.8687 / np.sqrt(len(values))  # the Kolmogorov distribution's mean
    return _Test(name, float(test.statistic - expected), float(test.pvalue))


def _tests(grid: LayerGrid) -> Iterator[_Test]:
    values = used_residuals(grid)
    if len(values) < LEAST:
        return
    yield uniform_test(grid.name, values)
    counts = []
    for number, own in channel_residuals(grid):
        yield uniform_test(f"{grid.name} channel {number}", own)
        counts.append(np.histogram(own, _BINS, (-0.5, 0.5))[0])
    table = np.array(counts)
    if len(counts) > 1 and table.sum(axis=0).all():
        test = stats.chi2_contingency(table)
        # Cramer's V beyond its mean under the null.
        freedom = (len(counts) - 1) * (_BINS - 1)
        excess = max(0.0, float(test.statistic) - freedom)
        effect = np.sqrt(excess / (table.sum() * min(len(counts) - 1, _BINS - 1)))
        yield _Test(f"{grid.name} between channels", float(effect), float(test.pvalue))
