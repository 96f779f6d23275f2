"""Do values lie on a grid? Scale, zero point and number of levels of groups, from values alone.

A quantizer that rounds in place leaves w = scale * (q - zero) with small integers q, rounded once
more to the stored type. Sorted, the distinct values of a group are then whole multiples of one
step apart. The step is found from the smallest gaps, refined by least squares, and each value
must lie within what the stored type's own rounding can move it. Whether that could be chance is
computed, not guessed: a value of float16 is itself on a fine grid, so only what its spacing does
not explain counts as evidence (in bits).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.types import BoolArray, Float64Array, Int64Array

# Grids of more levels than this are no finding.
MAX_BITS = 8
# Evidence (bits) that a group must pay for the step and offset that are fitted to it.
_FITTED = 24.0
# A group of fewer distinct values fits any grid.
_FEWEST = 3
# Gaps up to this multiple of the smallest are taken for one step, and averaged.
_ONE_STEP = 1.45


@dataclass(frozen=True)
class Precision:
    """How exactly a stored type holds real values: relative unit, and half its least spacing.

    `counted` when few levels alone tell of a grid: integers have few by nature.
    """

    unit: float
    least: float
    max_bits: int = MAX_BITS
    counted: bool = True

    def spacing(self, values: Float64Array) -> Float64Array:
        """Distance to the next value of the type, about."""
        return np.maximum(2 * self.unit * np.abs(values), 2 * self.least)


PRECISIONS = {
    "float64": Precision(2.0**-53, 2.0**-1075),
    "float32": Precision(2.0**-24, 2.0**-150),
    "float16": Precision(2.0**-11, 2.0**-25),
    "bfloat16": Precision(2.0**-9, 2.0**-134),
}
INTEGER = Precision(0.0, 0.5, max_bits=6, counted=False)


@dataclass(frozen=True)
class GroupFit:
    """What was found in G groups: arrays of length G.

    `levels` distinct values; `low`, `high` the least and greatest integer q - zero when
    `on_grid`; `step` the scale; `through_zero` whether 0 is a grid point; `evidence` in bits;
    `few` whether the values repeat so often that few levels cannot be chance; `coarse` whether the
    type offers far more levels than are used.
    """

    levels: Int64Array
    on_grid: BoolArray
    low: Int64Array
    high: Int64Array
    step: Float64Array
    through_zero: BoolArray
    evidence: Float64Array
    few: BoolArray
    coarse: BoolArray


def fit_groups(values: npt.NDArray[Any], precision: Precision) -> GroupFit:
    """Fit a grid to each row of `values` [G, n], finite numbers stored with `precision`."""
    x = np.sort(values, axis=1)
    first = np.ones(x.shape, bool)
    np.not_equal(x[:, 1:], x[:, :-1], out=first[:, 1:])
    levels = first.sum(axis=1, dtype=np.int64)
    nonzero = (x != 0).sum(axis=1)
    groups = len(x)
    fit = GroupFit(
        levels=levels,
        on_grid=np.zeros(groups, bool),
        low=np.zeros(groups, np.int64),
        high=np.zeros(groups, np.int64),
        step=np.zeros(groups),
        through_zero=np.zeros(groups, bool),
        evidence=np.zeros(groups),
        # Zeros say nothing: a sparse group has few levels for another reason.
        few=(levels * 4 <= nonzero) & (levels > 1) & precision.counted,
        coarse=np.ones(groups, bool),
    )
    open_ = np.flatnonzero((levels >= _FEWEST) & (levels <= 2**precision.max_bits))
    if len(open_):
        _fit_open(fit, open_, _compact(x[open_], first[open_], levels[open_]), precision)
    return fit


def _compact(x: npt.NDArray[Any], first: BoolArray, levels: Int64Array) -> Float64Array:
    """The distinct values of sorted rows, rows filled up with their last value."""
    values = np.repeat(x[:, -1:].astype(np.float64), int(levels.max()), axis=1)
    rows, columns = np.nonzero(first)
    ranks = np.arange(len(rows)) - np.repeat(np.cumsum(levels) - levels, levels)
    values[rows, ranks] = x[rows, columns]
    return values


def _fit_open(
    fit: GroupFit, open_: npt.NDArray[np.intp], x: Float64Array, precision: Precision
) -> None:
    """Try steps on groups with distinct values `x` [len(open_), K]; note successes in `fit`."""
    gaps = np.diff(x, axis=1)
    if precision.counted:
        # Where the type itself offers few values, such as bfloat16 near 1, few levels are no news.
        offered = (gaps / precision.spacing(np.maximum(np.abs(x[:, 1:]), np.abs(x[:, :-1])))).sum(1)
        fit.coarse[open_] = fit.levels[open_] * 4 <= offered
        fit.few[open_] &= fit.coarse[open_]
    smallest = np.where(gaps > 0, gaps, np.inf).min(axis=1)
    for divisor in (1, 2, 3):
        left = ~fit.on_grid[open_]
        if not left.any():
            break
        _try_step(fit, open_[left], x[left], gaps[left], smallest[left], divisor, precision)


def _try_step(
    fit: GroupFit,
    open_: npt.NDArray[np.intp],
    x: Float64Array,
    gaps: Float64Array,
    smallest: Float64Array,
    divisor: int,
    precision: Precision,
) -> None:
    """Try a `divisor`-th of the smallest gap as the step; note successes."""
    one = (gaps > 0) & (gaps <= _ONE_STEP * smallest[:, None])
    step = (np.where(one, gaps, 0).sum(axis=1) / one.sum(axis=1)) / divisor
    # Neighbours are few steps apart, so their distance is rounded safely; then sum up.
    jumps = np.rint(gaps / step[:, None])
    q = np.concatenate([np.zeros((len(x), 1)), np.cumsum(jumps, axis=1)], axis=1)
    weights = _weights(x)
    step, offset = _line(q, x, weights, step)
    for _ in range(2):
        q = np.rint((x - offset[:, None]) / step[:, None])
        step, offset = _line(q, x, weights, step)
    tolerance = precision.unit * 1.05 * (np.abs(x) + 0.6 * np.abs(x).max(axis=1, keepdims=True))
    tolerance = np.maximum(tolerance, precision.least * 1.02)
    q = np.rint((x - offset[:, None]) / step[:, None])
    residual = np.abs(x - offset[:, None] - step[:, None] * q)
    good = (residual <= tolerance).all(axis=1) & (step > 0)
    good &= q[:, -1] - q[:, 0] < 2**precision.max_bits
    # Does the line meet 0 in a grid point, as far as the fit can tell?
    zero = -offset / step
    slack = 3 * tolerance.min(axis=1) / step + 2e-3 + 1e-3 * np.abs(zero)
    through = np.abs(zero - np.rint(zero)) <= np.minimum(slack, 0.2)
    won = open_[good]
    origin = np.where(through, np.rint(zero), q[:, 0])
    fit.on_grid[won] = True
    fit.low[won] = (q[:, 0] - origin)[good].astype(np.int64)
    fit.high[won] = (q[:, -1] - origin)[good].astype(np.int64)
    fit.step[won] = step[good]
    fit.through_zero[won] = through[good]
    fit.evidence[won] = _evidence(x[good], step[good], tolerance[good], precision)


def _weights(x: Float64Array) -> Float64Array:
    """Each distinct value once, the less the coarser it is rounded; rows sum to 1."""
    once = _distinct(x) / (np.abs(x) + 0.1 * np.abs(x).max(axis=1, keepdims=True)) ** 2
    weights: Float64Array = once / once.sum(axis=1, keepdims=True)
    return weights


def _distinct(x: Float64Array) -> BoolArray:
    """True for the first of each run of equal values of the sorted rows."""
    return np.concatenate([np.ones((len(x), 1), bool), np.diff(x, axis=1) > 0], axis=1)


def _line(
    q: Float64Array, x: Float64Array, weights: Float64Array, fallback: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Weighted least squares x = step * q + offset for each row."""
    mean_q = (weights * q).sum(axis=1, keepdims=True)
    mean_x = (weights * x).sum(axis=1, keepdims=True)
    spread = (weights * (q - mean_q) ** 2).sum(axis=1)
    together = (weights * (q - mean_q) * (x - mean_x)).sum(axis=1)
    step = np.where(spread > 0, together / np.maximum(spread, 1e-300), fallback)
    step = np.where(step > 0, step, fallback)
    return step, (mean_x[:, 0] - step * mean_q[:, 0])


def _evidence(
    x: Float64Array, step: Float64Array, tolerance: Float64Array, precision: Precision
) -> Float64Array:
    """Bits by which chance is ruled out: each distinct value had to hit a grid point."""
    reach = (2 * tolerance + precision.spacing(x)) / step[:, None]
    bits = -np.log2(np.minimum(reach, 1.0))
    total: Float64Array = np.where(_distinct(x), bits, 0).sum(axis=1) - _FITTED
    return total
