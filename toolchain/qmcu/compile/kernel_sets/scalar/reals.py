"""Real numbers to bytes and back for cores without floating point, in integers."""

from fractions import Fraction

from qmcu.compile.kernel_sets.dsp.elementwise import portable, renamed
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import KernelCall

# Scales far from numbers that are not normal.
_LEAST, _LARGEST = Fraction(1, 2**60), Fraction(2**60)
_BITS = 32  # of the reciprocal
_BIAS = 126  # of the exponent of a float32 whose significand is taken as 24 bits, times 2^8 / 2^32


def reciprocal(scale: Fraction) -> tuple[int, int]:
    """(n, k) with n = 2^k / scale, rounded, of 32 bits."""
    power = _BITS - 1 + scale.numerator.bit_length() - scale.denominator.bit_length()
    while round(Fraction(2) ** power / scale) < 1 << (_BITS - 1):
        power += 1
    while round(Fraction(2) ** power / scale) >= 1 << _BITS:
        power -= 1
    return round(Fraction(2) ** power / scale), power


def quantize(context: OperatorContext) -> KernelCall | None:
    """QUANTIZE from float32 to int8."""
    call, fields = portable(context)
    scale = Fraction(quantization_of(context.output()).scale)
    if context.input(0).is_constant or not _LEAST <= scale <= _LARGEST:
        return None
    number, power = reciprocal(scale)
    more = {"reciprocal": number, "exponent": power + _BIAS}
    return renamed(call, "quantize_f32_s8_scalar", {**fields, **more})


def dequantize(context: OperatorContext) -> KernelCall | None:
    """DEQUANTIZE from int8."""
    call, fields = portable(context)
    scale = Fraction(quantization_of(context.input(0)).scale)
    if context.input(0).is_constant or not _LEAST <= scale <= _LARGEST:
        return None
    return renamed(call, "dequantize_s8_f32_scalar", fields)


LOWERINGS: dict[str, tuple[Lowering, ...]] = {
    "QUANTIZE float32>int8": (quantize,),
    "DEQUANTIZE int8>float32": (dequantize,),
}
