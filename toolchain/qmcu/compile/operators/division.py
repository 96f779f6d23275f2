"""DIV of int8."""

import numpy as np

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, fixed_point
from qmcu.compile.operators.elementwise import OPERANDS, broadcast_call
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import KernelCall
from qmcu.compile.requantize import activation_range, quantize_multiplier


def _multiplier(context: OperatorContext) -> float:
    """In float32, as the interpreter computes it."""
    first, second, output = (
        np.float32(quantization_of(t).scale)
        for t in (context.input(0), context.input(1), context.output())
    )
    with np.errstate(all="ignore"):
        # Scales that a float32 does not hold together give infinity, which is refused.
        return float(first / (second * output))


def _check_scales(context: OperatorContext) -> str | None:
    real = _multiplier(context)
    # Within these no shift leaves the interpreter's 64 bits, and no left shift remains.
    if 2.0**-20 < real < 2.0**20 and quantize_multiplier(real)[1] <= 21:
        return None
    return f"its scales give the multiplier {real:.3g}, 2^-20 to 2^20 is needed"


def _lower(context: OperatorContext) -> KernelCall:
    output = quantization_of(context.output())
    multiplier, shift = quantize_multiplier(_multiplier(context))
    low, high = activation_range(
        context.text("fused_activation_function", "NONE"), output.scale, output.zero_point
    )
    zero_point = quantization_of(context.input(1)).zero_point
    divisors = np.abs(np.arange(-128, 128) - zero_point)
    table = np.array([fixed_point.reciprocal(int(d)) for d in divisors], np.int32)
    return broadcast_call(
        context,
        "div",
        (
            ("input1_zero_point", quantization_of(context.input(0)).zero_point),
            ("input2_zero_point", zero_point),
            ("output_multiplier", multiplier),
            ("output_shift", shift),
            ("output_zero_point", output.zero_point),
            ("activation_minimum", low),
            ("activation_maximum", high),
        ),
        # The kernel takes the byte as unsigned: 0 to 127 come first, then -128 to -1.
        tables=(context.constant("reciprocals", np.roll(table, 128), "table"),),
    )


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "DIV",
        "div",
        (
            *OPERANDS,
            checks.fused_activation(),
            Constraint("input scale / (divisor's * output's) 2^-20 to 2^20", _check_scales),
        ),
        _lower,
    ),
)
