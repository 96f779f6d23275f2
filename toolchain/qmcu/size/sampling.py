"""Which values of a tensor are looked at: all of a small one, spread-out windows of a large one.

A tensor is seen as a matrix [rows, columns] = [shape[0], rest]. Windows start at multiples of
1,024, so that a quantizer's groups are never cut.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from qmcu.size.contents import StoredTensor
from qmcu.types import Array

ALIGNMENT = 1024
# A sampled tensor gives this many whole-width and whole-height windows of this thickness.
_THICKNESS = 16
_LENGTH = 2048
_TALL, _PEEK = 512, 64
# Even an exact run holds no more than this many values of a tensor at once.
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Sample:
    """Windows of a tensor: `wide` [rows, columns] to look along rows; `whole` when that is all.

    What runs along columns is read only when it is asked for: in a large tensor it is scattered
    over many pages of the file.
    """

    tensor: StoredTensor
    wide: Array
    whole: bool
    limit: int

    @cached_property
    def tall(self) -> Array:
        """Windows [columns, rows] to look along columns: the last axis over all others."""
        if self.whole:
            return self.wide.reshape(-1, last_extent(self.tensor)).T
        return _tall(self.tensor, max(2 * _TALL, self.limit // _THICKNESS))

    @cached_property
    def tall_peek(self) -> Array:
        """The first rows of such windows, enough to see whether the rest is worth reading."""
        return self.tall if self.whole else _tall(self.tensor, _PEEK)


def matrix_shape(tensor: StoredTensor) -> tuple[int, int]:
    """[rows, columns], with leading and trailing extents of 1 left out: [1, 3, 3, 8] is [3, 24]."""
    shape = list(tensor.shape)
    while len(shape) > 1 and shape[0] == 1:
        shape.pop(0)
    return (shape[0], prod(shape[1:])) if shape else (1, 1)


def last_extent(tensor: StoredTensor) -> int:
    """The extent of the last axis that is not 1: the channels of a Keras kernel."""
    return next((d for d in reversed(tensor.shape) if d > 1), 1)


def take_sample(tensor: StoredTensor, limit: int) -> Sample:
    """About `limit` values of a tensor whose `rows` can be read, or all if it has no more."""
    count, width = matrix_shape(tensor)
    if count * width <= limit:
        wide = _rows(tensor, 0, count, (count, width))
        return Sample(tensor, to_values(wide, tensor.dtype), True, limit)
    return Sample(tensor, _wide(tensor, limit // 2, (count, width)), False, limit // 2)


def chunks(tensor: StoredTensor) -> Iterator[Sample]:
    """The whole tensor in pieces of whole rows, each a Sample of its own."""
    count, width = matrix_shape(tensor)
    step = max(1, _CHUNK // width)
    if step > ALIGNMENT:
        step -= step % ALIGNMENT
    for start in range(0, count, step):
        rows = _rows(tensor, start, min(count, start + step), (count, width))
        yield Sample(tensor, to_values(rows, tensor.dtype), True, 0)


def to_values(stored: Array, dtype: str) -> Array:
    """Stored elements as numbers that numpy can compare: bfloat16 and float8 become float32."""
    if dtype == "bfloat16":
        return (stored.astype(np.uint32) << 16).view(np.float32)
    if dtype == "float16":
        return stored.astype(np.float32)
    if dtype.startswith("float8"):
        decoded: Array = _FLOAT8[dtype][stored]
        return decoded
    if stored.dtype == bool:
        return stored.astype(np.uint8)
    return stored


def _rows(tensor: StoredTensor, start: int, stop: int, shape: tuple[int, int]) -> Array:
    """Rows of the squeezed matrix; the tensor's own first extent may be a 1 that was left out."""
    assert tensor.rows is not None
    own, _ = tensor.matrix_shape
    if own == shape[0]:
        return tensor.rows(start, stop)
    return tensor.rows(0, own).reshape(shape)[start:stop]


def _wide(tensor: StoredTensor, limit: int, shape: tuple[int, int]) -> Array:
    count, width = shape
    columns = _windows(width, _LENGTH)
    length = sum(stop - start for start, stop in columns)
    wanted = max(1, min(count, limit // length))
    starts = np.unique(np.linspace(0, count - 1, min(wanted, _THICKNESS)).astype(int))
    run = max(1, wanted // len(starts))
    parts = []
    for start in starts:
        first = min(int(start), count - run)
        rows = _rows(tensor, first, first + run, shape)
        parts.append(np.concatenate([rows[:, a:b] for a, b in columns], axis=1))
    return to_values(np.concatenate(parts), tensor.dtype)


def _tall(tensor: StoredTensor, limit: int) -> Array:
    """About `limit` consecutive rows of some columns of the last axis, transposed."""
    count, width = matrix_shape(tensor)
    last = last_extent(tensor)
    inner = width // last if width % last == 0 else 1
    thickness = min(last, _THICKNESS)
    chosen = np.unique(np.linspace(0, last - 1, thickness).astype(int))
    parts = []
    for start, stop in _windows(count * inner, limit):
        first, beyond = start // inner, -(-stop // inner)
        rows = _rows(tensor, first, beyond, (count, width)).reshape(-1, last)
        skipped = start - first * inner
        parts.append(to_values(rows[skipped : skipped + stop - start, chosen], tensor.dtype))
    taken: Array = np.concatenate(parts).T
    return taken


def _windows(extent: int, length: int) -> list[tuple[int, int]]:
    """All of a short extent; else its beginning and, of a long one, a part near its end."""
    if extent <= length:
        return [(0, extent)]
    half = length // 2 if length >= 2 * _TALL else length
    late = (extent - half) // ALIGNMENT * ALIGNMENT
    return [(0, half), (late, late + half)] if half < length and late >= half else [(0, length)]


def _float8(exponent_bits: int, *, finite: bool) -> Array:
    """The 256 values of a float8 type; `finite` ones have no infinities and one NaN."""
    codes = np.arange(256)
    mantissa_bits = 7 - exponent_bits
    bias = 2 ** (exponent_bits - 1) - 1
    exponent = (codes >> mantissa_bits) & (2**exponent_bits - 1)
    mantissa = codes & (2**mantissa_bits - 1)
    normal = (1 + mantissa / 2**mantissa_bits) * 2.0 ** (exponent - bias)
    small = mantissa / 2**mantissa_bits * 2.0 ** (1 - bias)
    values = np.where(exponent == 0, small, normal) * np.where(codes & 128, -1, 1)
    top = exponent == 2**exponent_bits - 1
    values[top & (mantissa == 2**mantissa_bits - 1) if finite else top] = np.nan
    decoded: Array = values.astype(np.float32)
    return decoded


_FLOAT8 = {
    "float8_e4m3": _float8(4, finite=True),
    "float8_e5m2": _float8(5, finite=False),
}
