"""LOG_SOFTMAX of int8 over the last dimension."""

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.softmax import LONGEST_ROW, difference_scaling
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import KernelCall, ParametersArgument
from qmcu.compile.requantize import quantize_multiplier

_FRACTION_BITS = 26
_LEAST_SCALE, _SCALES_END = 2.0**-24, 16.0


def _output_problem(context: OperatorContext) -> str | None:
    target = context.output()
    quantization = quantization_of(target)
    if quantization.scale == 1 / 16 and quantization.zero_point == 127:
        return None
    return (
        f"output {target.name} has scale {quantization.scale:.9g} and zero point "
        f"{quantization.zero_point}, 1/16 and 127 are needed"
    )


def _scale_problem(context: OperatorContext) -> str | None:
    scale = quantization_of(context.input(0)).scale
    # Within these every shift of the interpreter is possible.
    if _LEAST_SCALE <= scale < _SCALES_END:
        return None
    return f"input {context.input(0).name} has scale {scale:.3g}, 2^-24 to 16 is needed"


def _row_problem(context: OperatorContext) -> str | None:
    depth = context.input(0).shape[-1]
    return None if depth <= LONGEST_ROW else f"{depth} classes, at most {LONGEST_ROW}"


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    real = quantization_of(source).scale * (1 << _FRACTION_BITS)
    multiplier, shift, smallest = difference_scaling(real)
    reverse_multiplier, reverse_shift = quantize_multiplier((1 << (31 - shift)) / multiplier)
    parameters = ParametersArgument(
        "qmcu_log_softmax_params",
        (
            ("rows", source.elements // source.shape[-1]),
            ("depth", source.shape[-1]),
            ("multiplier", multiplier),
            ("shift", shift),
            ("reverse_multiplier", reverse_multiplier),
            ("reverse_shift", reverse_shift),
            ("minimum_difference", smallest),
        ),
    )
    arguments = (parameters, context.operand(source), context.operand(target))
    overlay = () if source.is_constant else ((source.index, target.index),)
    return context.call("log_softmax", arguments, may_overlay=overlay)


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "LOG_SOFTMAX",
        "log_softmax",
        (
            checks.operands(1),
            checks.int8(),
            checks.input_rank(1, 8),
            checks.same_shape(),
            Constraint("output scale 1/16 and zero point 127", _output_problem),
            Constraint("input scale 2^-24 to 16", _scale_problem),
            Constraint(f"at most {LONGEST_ROW} classes", _row_problem),
        ),
        _lower,
    ),
)
