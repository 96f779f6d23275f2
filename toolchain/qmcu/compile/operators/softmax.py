"""SOFTMAX over the last dimension."""

import math

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import KernelCall, ParametersArgument

# exp(0) of this many elements still fits the accumulator's 12 integer bits.
LONGEST_ROW = 4095
_DIFFERENCE_INTEGER_BITS = 5
_DIFFERENCE_FRACTION_BITS = 31 - _DIFFERENCE_INTEGER_BITS


def _beta(context: OperatorContext) -> float:
    return float(context.operator.options.get("beta", 0.0))  # type: ignore[arg-type]


def _real_multiplier(context: OperatorContext) -> float:
    scale = quantization_of(context.input(0)).scale
    return _beta(context) * scale * (1 << _DIFFERENCE_FRACTION_BITS)


def difference_scaling(real: float) -> tuple[int, int, int]:
    """(multiplier, shift, smallest input difference) for beta * input scale * 2^26 = `real`.

    The difference times the multiplier is a number with 26 fractional bits; below the smallest
    one it would not fit, and exp of it is 0. `real` is more than 1.
    """
    mantissa, shift = math.frexp(min(real, 2.0**31 - 1))
    multiplier = math.floor(mantissa * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier, shift = multiplier // 2, shift + 1
    largest = (1 << _DIFFERENCE_INTEGER_BITS) - 1
    smallest = -((largest << _DIFFERENCE_FRACTION_BITS) >> shift)
    # A shift of 31 comes with 0 as the only difference, which any shift maps to 0.
    return multiplier, min(shift, 30), smallest


def _output_problem(context: OperatorContext) -> str | None:
    target = context.output()
    bits = 8 * target.size // target.elements
    # The interpreter takes scales of int16 that are off by a thousandth.
    tolerance = 0.0 if bits == 8 else 2.0**-bits / 1000
    given = quantization_of(target)
    near = abs(given.scale - 2.0**-bits) <= tolerance
    if near and given.zero_point == -(1 << bits) // 2:
        return None
    return (
        f"output {target.name} has scale {given.scale:.9g} and zero point "
        f"{given.zero_point}, 1/{1 << bits} and {-(1 << bits) // 2} are needed"
    )


def _beta_problem(context: OperatorContext) -> str | None:
    beta = _beta(context)
    if not (math.isfinite(beta) and _real_multiplier(context) > 1):
        return f"beta {beta} with the input's scale is too small, beta * scale > 2^-26 is needed"
    return None


def _row_problem(context: OperatorContext) -> str | None:
    depth = context.input(0).shape[-1]
    return None if depth <= LONGEST_ROW else f"{depth} classes, at most {LONGEST_ROW}"


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    multiplier, shift, smallest = difference_scaling(_real_multiplier(context))
    parameters = (
        ("rows", source.elements // source.shape[-1]),
        ("depth", source.shape[-1]),
        ("multiplier", multiplier),
        ("shift", shift),
        ("minimum_difference", smallest),
    )
    arguments = (
        ParametersArgument("qmcu_softmax_params", parameters),
        context.operand(source),
        context.operand(target),
    )
    if target.dtype == "int16":
        return context.call("softmax_s8_s16", arguments)
    overlay = () if source.is_constant else ((source.index, target.index),)
    return context.call("softmax", arguments, may_overlay=overlay)


def _support(kernel: str, types: tuple[Constraint, ...], output: str) -> OperatorSupport:
    return OperatorSupport(
        kind="SOFTMAX",
        kernel=kernel,
        constraints=(
            checks.operands(1),
            *types,
            checks.input_rank(1, 8),
            checks.same_shape(),
            Constraint(f"output scale {output}", _output_problem),
            Constraint("beta * input scale more than 2^-26", _beta_problem),
            Constraint(f"at most {LONGEST_ROW} classes", _row_problem),
        ),
        lower=_lower,
    )


_WIDE = (checks.types("int8", 0, outputs=False), checks.output_types("int16"), checks.quantized())

SUPPORT = (
    _support("softmax", (checks.int8(),), "1/256 and zero point -128"),
    _support("softmax_s8_s16", _WIDE, "1/65536 and zero point -32768"),
)
