"""SOFTMAX and LOG_SOFTMAX of float32, along the last dimension."""

from qmcu.compile.lowering import OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument


def _call(
    context: OperatorContext,
    kernel: str,
    parameters: str,
    fields: tuple[tuple[str, FieldValue], ...],
) -> KernelCall:
    source, target = context.input(0), context.output()
    arguments = (
        ParametersArgument(parameters, fields),
        context.operand(source),
        context.operand(target),
    )
    overlay = () if source.is_constant else ((source.index, target.index),)
    return context.call(kernel, arguments, may_overlay=overlay)


def _rows(context: OperatorContext, prefix: str = "") -> tuple[tuple[str, FieldValue], ...]:
    shape, elements = context.input(0).shape, context.input(0).elements
    return (f"{prefix}rows", elements // shape[-1]), (f"{prefix}depth", shape[-1])


def _lower_softmax(context: OperatorContext) -> KernelCall:
    fields = (*_rows(context, "rows."), ("beta", context.real("beta")))
    return _call(context, "softmax_f32", "qmcu_softmax_f32_params", fields)


def _lower_log_softmax(context: OperatorContext) -> KernelCall:
    return _call(context, "log_softmax_f32", "qmcu_rows_params", _rows(context))


_REAL = (checks.operands(1), checks.types("float32"), checks.same_shape())

SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "SOFTMAX",
        "softmax_f32",
        (*_REAL, checks.input_rank(1, 8)),
        _lower_softmax,
        types=("float32",),
    ),
    OperatorSupport(
        "LOG_SOFTMAX",
        "log_softmax_f32",
        (*_REAL, checks.input_rank(1, 8)),
        _lower_log_softmax,
        types=("float32",),
    ),
)
