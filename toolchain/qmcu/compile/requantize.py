"""Fixed-point requantization constants and arithmetic, equal to TensorFlow Lite Micro's.

gemmlowp's double rounding (Jacob et al., CVPR 2018, section 2.2): a real multiplier becomes a
31-bit integer and a power of two; firmware/kernels/portable/requantize.h is the same in C.
"""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt


# Each lowering that is tried asks for every channel's again.
@lru_cache(1 << 16)
def quantize_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real = multiplier * 2**(shift - 31), multiplier in [2**30, 2**31).

    Zero, and values too small to matter (shift below -31), give (0, 0).
    Raises ValueError for a negative or non-finite value.
    """
    if not math.isfinite(real) or real < 0:
        raise ValueError(f"multiplier {real} is not a finite non-negative number")
    if real == 0:
        return 0, 0
    mantissa, shift = math.frexp(real)
    multiplier = math.floor(mantissa * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        return (1 << 31) - 1, 30
    return multiplier, shift


def requantize(
    values: npt.ArrayLike, multiplier: npt.ArrayLike, shift: npt.ArrayLike
) -> npt.NDArray[np.int64]:
    """Multiply int32 `values` by multiplier * 2**(shift - 31), rounding as the device does.

    Broadcasts; returns int64 holding int32 values.
    """
    shift = np.asarray(shift, np.int64)
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    shifted = (np.asarray(values, np.int64) << left).astype(np.int32).astype(np.int64)
    high = (shifted * np.asarray(multiplier, np.int64) + (1 << 30)) >> 31
    mask = (np.int64(1) << right) - 1
    threshold = (mask >> 1) + (high < 0)
    result: npt.NDArray[np.int64] = (high >> right) + ((high & mask) > threshold)
    return result


# Of each fused activation, where it has one.
_BOUNDS: dict[str, tuple[float | None, float | None]] = {
    "NONE": (None, None),
    "RELU": (0.0, None),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
}


def reduce_multiplier(multiplier: int) -> int:
    """The 16 bits of a multiplier of 31 that the interpreter keeps for sums of 64 bits."""
    return min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1)


def activation_range(
    activation: str, scale: float, zero_point: int, dtype: str = "int8"
) -> tuple[int, int]:
    """The clamp (minimum, maximum) of a fused activation on an output tensor of `dtype`.

    `activation` is NONE, RELU, RELU6 or RELU_N1_TO_1; the bounds are quantized with float32
    arithmetic and clipped to the type's range. Raises ValueError for any other name.
    """
    info = np.iinfo(dtype)
    least, greatest = int(info.min), int(info.max)

    def quantized(real: float) -> int:
        ratio = float(np.float32(real) / np.float32(scale))
        return zero_point + int(math.copysign(math.floor(abs(ratio) + 0.5), ratio))

    if activation not in _BOUNDS:
        raise ValueError(f"fused activation {activation} is not supported")
    # Only the bounds that are asked for: a scale may be too small for others.
    low, high = _BOUNDS[activation]
    return (
        least if low is None else max(quantized(low), least),
        greatest if high is None else min(quantized(high), greatest),
    )
