"""gemmlowp's fixed-point logistic and hyperbolic tangent, in 64-bit NumPy integers.

A fixed-point number with m integer bits is an int32 that stands for value * 2**(31 - m). These
are the functions that the interpreter evaluates for each byte; here they fill a table.
"""

import numpy as np
import numpy.typing as npt

Fixed = npt.NDArray[np.int64]

_LARGEST = (1 << 31) - 1
_SMALLEST = -(1 << 31)

# exp(-1/8) and 1/3 with no integer bits; 48/17 and -32/17 with two.
_EXP_MINUS_EIGHTH = 1895147668
_THIRD = 715827883
_48_OVER_17 = 1515870810
_MINUS_32_OVER_17 = -1010580540
# exp(-2**k) with no integer bits, for k from -2.
_EXP_OF_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)


def rounding_divide(values: Fixed, exponent: int) -> Fixed:
    """values / 2**exponent, rounded to nearest, ties away from zero."""
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (values < 0)
    return (values >> exponent) + ((values & mask) > threshold)


def _multiply(a: Fixed, b: Fixed | int) -> Fixed:
    return (a * b + (1 << 30)) >> 31


def _saturating_shift(values: Fixed, exponent: int) -> Fixed:
    result: Fixed = np.clip(values << exponent, _SMALLEST, _LARGEST)
    return result


def _wrap(values: Fixed) -> Fixed:
    """The int32 of the same 32 bits."""
    return values.astype(np.int32).astype(np.int64)


def _exp_between_minus_quarter_and_0(a: Fixed) -> Fixed:
    x = a + (1 << 28)
    x2 = _multiply(x, x)
    x3 = _multiply(x2, x)
    x4 = _multiply(x2, x2)
    higher = rounding_divide(_multiply(rounding_divide(x4, 2) + x3, _THIRD) + x2, 1)
    factor = np.full_like(a, _EXP_MINUS_EIGHTH)
    return factor + _multiply(factor, x + higher)


def exp_on_negative_values(a: Fixed, integer_bits: int) -> Fixed:
    """exp(a) for a <= 0 with `integer_bits` integer bits (at most 5); the result has none."""
    fractional_bits = 31 - integer_bits
    quarter = 1 << (fractional_bits - 2)
    fraction = (a & (quarter - 1)) - quarter
    result = _exp_between_minus_quarter_and_0(_saturating_shift(fraction, integer_bits))
    remainder = fraction - a
    for power, factor in enumerate(_EXP_OF_POWERS, start=-2):
        if power < integer_bits:
            bit = remainder & (1 << (fractional_bits + power))
            result = np.where(bit != 0, _multiply(result, factor), result)
    return np.where(a == 0, _LARGEST, result)


def _reciprocal_of_half_sum_with_one(a: Fixed) -> Fixed:
    """2 / (1 + a) for a in (0, 1) without integer bits; the result has two."""
    return _twice_reciprocal((a + _LARGEST + 1) >> 1)


def _twice_reciprocal(half_denominator: Fixed) -> Fixed:
    """1 / half_denominator, which has no integer bits; the result has two. Newton-Raphson."""
    x = _48_OVER_17 + _multiply(half_denominator, _MINUS_32_OVER_17)
    for _ in range(3):
        error = (1 << 29) - _multiply(half_denominator, x)
        x = _wrap(x + _saturating_shift(_multiply(x, error), 2))
    return x


def logistic(a: Fixed, integer_bits: int) -> Fixed:
    """1 / (1 + exp(-a)); the result has no integer bits."""
    exponential = exp_on_negative_values(-np.abs(a), integer_bits)
    positive = _saturating_shift(_reciprocal_of_half_sum_with_one(exponential), 1)
    return np.where(a == 0, 1 << 30, np.where(a > 0, positive, _LARGEST - positive))


def tanh(a: Fixed, integer_bits: int) -> Fixed:
    """The hyperbolic tangent; the result has no integer bits."""
    exponential = exp_on_negative_values(-np.abs(a), integer_bits + 1)
    positive = _saturating_shift(_reciprocal_of_half_sum_with_one(exponential) - (1 << 29), 2)
    return np.where(a == 0, 0, np.where(a > 0, positive, -positive))


def inverse_sqrt(number: int) -> tuple[int, int]:
    """1 / sqrt(number) as (multiplier, shift), multiplier * 2**(shift - 31); 0 counts as 1.

    The arithmetic of firmware/kernels/inverse_sqrt.h. `number` is from 0 to 2**31 - 1.
    """
    if number <= 1:
        return _LARGEST, 0
    shift = 11
    while number >= 1 << 29:
        number, shift = number // 4, shift + 1
    while number < 1 << 27:
        number, shift = number * 4, shift - 1
    value = np.array([1 << 28], np.int64)
    half = rounding_divide(np.array([number >> 1], np.int64), 1)
    for _ in range(5):
        cube = _saturating_shift(_multiply(_multiply(value, value), value), 6)
        value = _saturating_shift(
            _multiply(value, (1 << 28) + (1 << 27)) - _multiply(half, cube), 3
        )
    multiplier = int(_multiply(value, 1518500250)[0])
    if shift < 0:
        multiplier, shift = multiplier << -shift, 0
    return multiplier, -shift


def reciprocal(number: int) -> int:
    """2**(30 + k) / number with 2**k the power of two below it, as an int32 of the interpreter.

    `number` is from 0 to 2**31 - 1; for 0 it is what the same steps give.
    """
    # 1 + a is the number between 1 and 2 without its power of two; its half is in [1/2, 1). For 0,
    # whose a is -1, the half sum with the almost 1 of 31 bits rounds to -1.
    half = -1
    if number > 0:
        fraction = (number << (32 - number.bit_length())) - (1 << 31)
        half = (fraction + _LARGEST + 1) >> 1
    twice = _twice_reciprocal(np.array([half], np.int64))
    return int(_saturating_shift(twice, 1)[0])
