"""RESIZE_BILINEAR of integers as LiteRT's reference kernel computes it, in numpy."""

import numpy as np

from qmcu.model.graph import Operator
from qmcu.types import Array

_UNIT = 1 << 10


def _neighbours(operator: Operator, length: int, wanted: int) -> tuple[Array, Array, Array]:
    """The two input positions around each output position, and the weight of the second.

    In 1/1024, by a scale that is rounded to that.
    """
    corners = bool(operator.options.get("align_corners", False)) and wanted > 1
    steps, places = (length - 1, wanted - 1) if corners else (length, wanted)
    scale = (_UNIT * steps + places // 2) // places
    centred = bool(operator.options.get("half_pixel_centers", False))
    positions = np.arange(wanted, dtype=np.int64) * scale
    positions += scale // 2 - _UNIT // 2 if centred else 0
    # C divides towards zero.
    low = np.maximum(np.trunc(positions / _UNIT).astype(np.int64), 0)
    above = np.trunc((positions + _UNIT - 1) / _UNIT).astype(np.int64)
    return low, np.minimum(above, length - 1), positions - _UNIT * low


def resize_bilinear(operator: Operator, image: Array, size: tuple[int, int]) -> Array:
    """The image, [batches, height, width, depth] of int8 or int16, in the `size` (height, width).

    Raises IndexError when the rounded scale leads outside the image.
    """
    top, bottom, down = _neighbours(operator, image.shape[1], size[0])
    left, right, across = _neighbours(operator, image.shape[2], size[1])
    fine, v, h = image.astype(np.int64), down[:, None, None], across[:, None]
    upper, lower = fine[:, top], fine[:, bottom]
    sums = (
        upper[:, :, left] * (_UNIT - v) * (_UNIT - h)
        + upper[:, :, right] * (_UNIT - v) * h
        + lower[:, :, left] * v * (_UNIT - h)
        + lower[:, :, right] * v * h
    )
    # Ties away from zero.
    rounded: Array = np.sign(sums) * ((np.abs(sums) + (1 << 19)) >> 20)
    return rounded
