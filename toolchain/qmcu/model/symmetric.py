"""Integer weights without their zero point, which TFLite's have not."""

import numpy as np

from qmcu.types import Array, Float64Array

HIGHEST = 127


def without_zero_point(shifted: Array, axis: int, lowest: int) -> tuple[Array, Float64Array]:
    """Weights in int8, and by how much each channel's scale grows, float64 [channels].

    `shifted` are integers less their zero points, `axis` that of the channels. One from `lowest` to
    HIGHEST is kept as it is, with a factor of 1; any other is rounded to a scale of its own.
    """
    others = tuple(a for a in range(shifted.ndim) if a != axis)
    shape = [-1 if a == axis else 1 for a in range(shifted.ndim)]
    fits = (shifted.min(axis=others) >= lowest) & (shifted.max(axis=others) <= HIGHEST)
    factors = np.where(fits, 1.0, np.abs(shifted).max(axis=others) / HIGHEST)
    return np.rint(shifted / factors.reshape(shape)).astype(np.int8), factors
