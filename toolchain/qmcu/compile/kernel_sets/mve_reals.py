"""Real numbers to bytes and back for MVE: a reciprocal in place of divisions where it is exact."""

from fractions import Fraction
from functools import cache

from qmcu.compile.kernel_sets.dsp.elementwise import portable, renamed
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import KernelCall

_BITS = 24  # of a float32's significand
_LEAST, _LARGEST = (
    Fraction(1, 2**60),
    Fraction(2**60),
)  # scales far from numbers that are not normal
_LEAST_NORMAL = Fraction(1, 2**126)
# Numbers at a tie, in units of their last bit, where reciprocal and division might differ.
_NEIGHBOURS = (-2, -1, 0, 1)


def nearest(value: Fraction) -> Fraction:
    """The float32 that is nearest, ties to even; normal numbers alone."""
    if value == 0:
        return value
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if size < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** (exponent - _BITS + 1)
    return round(value / unit) * unit


def reciprocal(scale: Fraction) -> tuple[Fraction, Fraction]:
    """1 / scale as the sum of two float32 numbers."""
    whole = nearest(1 / scale)
    return whole, nearest(1 / scale - whole)


@cache
def divides(scale: Fraction, largest: int) -> bool:
    """Whether the reciprocal rounds as division does up to `largest`, ties away from zero.

    Both round the quotient to float32 first. The fused sum of both products is that close to the
    quotient that they differ next to a tie at most; all numbers there are tried.
    """
    whole, rest = reciprocal(scale)
    half = Fraction(1, 2)
    for n in range(1, largest + 1):
        tie = nearest((n - half) * scale)
        unit = abs(nearest(tie * (1 + Fraction(1, 2 ** (_BITS - 1)))) - tie)
        for i in _NEIGHBOURS:
            value = nearest(tie + i * unit)
            quotient = nearest(value / scale)
            product = nearest(value * whole + nearest(value * rest))
            if (quotient >= n - half) != (product >= n - half):
                return False
    return True


def quantize(context: OperatorContext) -> KernelCall | None:
    """QUANTIZE from float32 to int8."""
    call, fields = portable(context)
    grid = quantization_of(context.output())
    scale = Fraction(grid.scale)
    if context.input(0).is_constant or not _LEAST <= scale <= _LARGEST:
        return None
    low, high = -128 - grid.zero_point, 127 - grid.zero_point
    if not divides(scale, max(-low, high)):
        return None
    whole, rest = reciprocal(scale)
    more = {"low": nearest(low * scale), "high": nearest(high * scale)}
    more |= {"reciprocal": whole, "rest": rest}
    numbers = {name: float(value) for name, value in more.items()}
    return renamed(call, "quantize_f32_s8_mve", {**fields, **numbers})


def dequantize(context: OperatorContext) -> KernelCall | None:
    """DEQUANTIZE from int8."""
    call, fields = portable(context)
    if context.input(0).is_constant:
        return None
    # Vectors take numbers that are not normal as zero.
    if Fraction(quantization_of(context.input(0)).scale) < _LEAST_NORMAL:
        return None
    return renamed(call, "dequantize_s8_f32_mve", fields)


LOWERINGS: dict[str, tuple[Lowering, ...]] = {
    "QUANTIZE float32>int8": (quantize,),
    "DEQUANTIZE int8>float32": (dequantize,),
}
