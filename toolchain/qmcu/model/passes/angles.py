"""ATAN2, in double and rounded to float32 once: the operations of the device, in its order."""

import math
from collections.abc import Sequence

import numpy as np

from qmcu.model.graph import Operator
from qmcu.types import Array

_STEPS = 16
_ANGLES = np.array([math.atan(k / _STEPS) for k in range(_STEPS + 1)])
# Of the series of atan, from the last term on.
_TERMS = (-1 / 11, 1 / 9, -1 / 7, 1 / 5, -1 / 3)


def _arctangent(ratio: Array) -> Array:
    """Of 0 to 1: from the nearest sixteenth on, by the series of what is left (1/32 at most)."""
    k = (ratio * _STEPS + 0.5).astype(np.int32)
    near = k / _STEPS
    rest = (ratio - near) / (1 + ratio * near)
    square = rest * rest
    total = np.full_like(ratio, _TERMS[0])
    for term in _TERMS[1:]:
        total = total * square + term
    return _ANGLES[k] + (rest + rest * square * total)


def atan2(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    """The angle of the point (second, first) input, float32, -pi to pi; both broadcast."""
    y, x = (np.array(a) for a in np.broadcast_arrays(*inputs))
    high, wide = np.abs(y).astype(np.float64), np.abs(x).astype(np.float64)
    larger, smaller = np.fmax(high, wide), np.fmin(high, wide)
    known = (larger > 0) & (larger != smaller) & np.isfinite(smaller)
    ratio = np.where(known, smaller, 0) / np.where(known, larger, 1)
    ratio = np.where((larger == smaller) & (larger > 0), 1.0, ratio)
    found = np.where(larger > 0, _arctangent(ratio), 0.0)
    found = np.where(high > wide, math.pi / 2 - found, found)
    found = np.where(np.signbit(x), math.pi - found, found)
    result = np.copysign(found, y).astype(np.float32)
    return [np.where(np.isnan(y) | np.isnan(x), np.float32("nan"), result)]
