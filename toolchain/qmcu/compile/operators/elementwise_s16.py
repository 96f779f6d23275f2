"""ADD, SUB and MUL of int16, with broadcasting."""

from collections.abc import Callable

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.elementwise import BROADCAST, broadcast_call
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import FieldValue, KernelCall
from qmcu.compile.requantize import activation_range, quantize_multiplier

Fields = tuple[tuple[str, FieldValue], ...]

_HEADROOM_BITS = 15
# Products are at most 2**30 and must not leave int32 when they are shifted to the left.
_LARGEST_MUL_MULTIPLIER = 2.0


def _scales(context: OperatorContext) -> tuple[float, float, float]:
    """Of both inputs and of the output."""
    first, second, output = context.input(0), context.input(1), context.output()
    return (
        quantization_of(first).scale,
        quantization_of(second).scale,
        quantization_of(output).scale,
    )


def _activation_fields(context: OperatorContext) -> Fields:
    activation = context.text("fused_activation_function", "NONE")
    low, high = activation_range(activation, quantization_of(context.output()).scale, 0, "int16")
    return ("activation_minimum", low), ("activation_maximum", high)


def _sum_multipliers(context: OperatorContext) -> tuple[float, float, float]:
    """The real multipliers of input 1, of input 2 and of their sum."""
    first, second, output = _scales(context)
    common = 2 * max(first, second)
    return first / common, second / common, common / ((1 << _HEADROOM_BITS) * output)


def _check_sum_scales(context: OperatorContext) -> str | None:
    for real in _sum_multipliers(context):
        # Written so that NaN fails too.
        if not (0 < real < 1 and quantize_multiplier(real)[1] <= 0):
            first, second, output = _scales(context)
            return (
                f"the scales {first:.3g}, {second:.3g} of the inputs and {output:.3g} of the "
                f"output give the multiplier {real:.3g}, between 0 and 1 is needed"
            )
    return None


def _lower_sum(context: OperatorContext) -> KernelCall:
    parts = [quantize_multiplier(real) for real in _sum_multipliers(context)]
    fields: Fields = (
        ("input1_multiplier", parts[0][0]),
        ("input1_shift", parts[0][1]),
        ("input2_multiplier", parts[1][0]),
        ("input2_shift", parts[1][1]),
        ("input2_sign", 1 if context.operator.kind == "ADD" else -1),
        ("output_multiplier", parts[2][0]),
        ("output_shift", parts[2][1]),
    )
    return broadcast_call(context, "add_s16", fields + _activation_fields(context))


def _mul_multiplier(context: OperatorContext) -> float:
    first, second, output = _scales(context)
    return first * second / output


def _check_mul_scales(context: OperatorContext) -> str | None:
    real = _mul_multiplier(context)
    if real < _LARGEST_MUL_MULTIPLIER:
        return None
    return (
        f"the product of the input scales is {real:.3g} times the output's, less than 2 is needed"
    )


def _lower_mul(context: OperatorContext) -> KernelCall:
    multiplier, shift = quantize_multiplier(_mul_multiplier(context))
    fields: Fields = (("output_multiplier", multiplier), ("output_shift", shift))
    return broadcast_call(context, "mul_s16", fields + _activation_fields(context))


_SUM = Constraint("output scale more than 2^-14 of the larger input scale", _check_sum_scales)
_MUL = Constraint("product of input scales below 2 output scales", _check_mul_scales)


def _support(
    kind: str,
    kernel: str,
    lower: Callable[[OperatorContext], KernelCall],
    *further: Constraint,
) -> OperatorSupport:
    constraints = (
        checks.operands(2),
        checks.types("int16", same=True),
        # A product with zeros of scale 0 is 0.
        checks.quantized(symmetric=True, empty=kind == "MUL"),
        checks.BROADCAST_RANK,
        BROADCAST,
        *further,
    )
    return OperatorSupport(kind, kernel, constraints, lower, types=("int16",))


SUPPORT: tuple[OperatorSupport, ...] = (
    _support("ADD", "add_s16", _lower_sum, checks.fused_activation(), _SUM),
    _support("SUB", "add_s16", _lower_sum, checks.fused_activation(), _SUM),
    _support("MUL", "mul_s16", _lower_mul, checks.fused_activation(), _MUL),
)
