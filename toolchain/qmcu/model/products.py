"""REDUCE_PROD of quantized and of real numbers, as LiteRT's reference kernels compute it."""

import math
from collections.abc import Sequence

import numpy as np

from qmcu.model.graph import Operator, Tensor
from qmcu.types import Array

# LiteRT's multiplication of 64 bits shifts to the right by more than this.
LEAST_SHIFT = 7


def product_scale(source: Tensor, target: Tensor) -> float:
    """What each of the n factors of an output is scaled by: input scale / n-th root of output's.

    Both tensors are quantized per tensor.
    """
    assert source.quantization is not None and target.quantization is not None
    count = source.elements // target.elements
    return source.quantization.scale / math.pow(target.quantization.scale, 1.0 / count)


def scale_of_16_bits(real: float) -> tuple[int, int]:
    """(multiplier, right shift) with real near multiplier / 2^shift, as sums of 64 bits have it."""
    mantissa, exponent = math.frexp(real)
    multiplier = math.floor(mantissa * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier, exponent = multiplier // 2, exponent + 1
    if exponent < -31:
        return 0, 15
    return min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1), 15 - exponent


def product(
    operator: Operator, operands: Sequence[Array], source: Tensor, target: Tensor
) -> Sequence[Array] | None:
    """The output; None where the scales are not those of a product, or an axis is not there.

    Factors are taken in the order of memory. Integers are scaled after each of them, in 32 bits
    that wrap around.
    """
    values, axes = operands
    if any(not -values.ndim <= int(a) < values.ndim for a in axes.reshape(-1)):
        return None
    dims = {int(a) % values.ndim for a in axes.reshape(-1)} if values.ndim else set()
    kept = [d for d in range(values.ndim) if d not in dims]
    rows = values.transpose(*kept, *sorted(dims)).reshape(target.elements, -1)
    if values.dtype == np.float32:
        result = np.ones(len(rows), np.float32)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for column in rows.T:
                result = result * column
        return [result]
    if source.quantization is None or target.quantization is None:
        return None
    multiplier, shift = scale_of_16_bits(product_scale(source, target))
    if shift <= LEAST_SHIFT:
        return None

    def scaled(numbers: Array) -> Array:
        return ((numbers * multiplier + (1 << (shift - 1))) >> shift).astype(np.int32)

    factors = rows.T.astype(np.int64) - source.quantization.zero_point
    result = factors[0].astype(np.int32)
    for column in factors[1:]:
        result = scaled(result.astype(np.int64) * column)
    limits = np.iinfo(values.dtype)
    shifted = scaled(result.astype(np.int64)).astype(np.int64) + target.quantization.zero_point
    return [np.clip(shifted.astype(np.int32), limits.min, limits.max).astype(values.dtype)]
