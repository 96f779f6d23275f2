"""PRELU and SQUARED_DIFFERENCE: two inputs, with broadcasting."""

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators.elementwise import OPERANDS, broadcast_call
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import FieldValue, KernelCall
from qmcu.compile.requantize import quantize_multiplier


def _prelu_multipliers(context: OperatorContext) -> tuple[float, float]:
    source, alpha, target = (
        quantization_of(t) for t in (context.input(0), context.input(1), context.output())
    )
    return source.scale / target.scale, source.scale * alpha.scale / target.scale


def _check_prelu_scales(context: OperatorContext) -> str | None:
    # Below these no intermediate value leaves int32.
    for real, limit in zip(_prelu_multipliers(context), (2.0**22, 2.0**14), strict=True):
        # Written so that NaN fails too.
        if not real < limit:
            return f"its scales give the multiplier {real:.3g}, less than {limit:.0f} is needed"
    return None


def _lower_prelu(context: OperatorContext) -> KernelCall:
    positive, negative = (quantize_multiplier(real) for real in _prelu_multipliers(context))
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("input_zero_point", quantization_of(context.input(0)).zero_point),
        ("alpha_zero_point", quantization_of(context.input(1)).zero_point),
        ("positive_multiplier", positive[0]),
        ("positive_shift", positive[1]),
        ("negative_multiplier", negative[0]),
        ("negative_shift", negative[1]),
        ("output_zero_point", quantization_of(context.output()).zero_point),
    )
    return broadcast_call(context, "prelu", fields)


def _difference_multipliers(context: OperatorContext) -> tuple[float, float, float]:
    """The real multipliers of input 1, of input 2 and of the square of their difference."""
    first, second = (quantization_of(context.input(i)).scale for i in range(2))
    common = 2 * max(first, second)
    last = common * common / ((1 << 14) * quantization_of(context.output()).scale)
    return first / common, second / common, last


def _check_difference_scales(context: OperatorContext) -> str | None:
    for real in _difference_multipliers(context):
        # Written so that NaN fails too.
        if not (0 < real < 1 and quantize_multiplier(real)[1] <= 0):
            return f"its scales give the multiplier {real:.3g}, between 0 and 1 is needed"
    return None


def _lower_difference(context: OperatorContext) -> KernelCall:
    parts = [quantize_multiplier(real) for real in _difference_multipliers(context)]
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("input1_zero_point", quantization_of(context.input(0)).zero_point),
        ("input1_multiplier", parts[0][0]),
        ("input1_shift", parts[0][1]),
        ("input2_zero_point", quantization_of(context.input(1)).zero_point),
        ("input2_multiplier", parts[1][0]),
        ("input2_shift", parts[1][1]),
        ("output_multiplier", parts[2][0]),
        ("output_shift", parts[2][1]),
        ("output_zero_point", quantization_of(context.output()).zero_point),
    )
    return broadcast_call(context, "squared_difference", fields)


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "PRELU",
        "prelu",
        (
            *OPERANDS,
            Constraint(
                "input scale below 2^22 output scales, product with alpha's below 2^14",
                _check_prelu_scales,
            ),
        ),
        _lower_prelu,
    ),
    OperatorSupport(
        "SQUARED_DIFFERENCE",
        "squared_difference",
        (
            *OPERANDS,
            Constraint(
                "square of the larger input scale below 2^12 output scales",
                _check_difference_scales,
            ),
        ),
        _lower_difference,
    ),
)
