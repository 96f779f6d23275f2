"""TRANSPOSE_CONV."""

from dataclasses import replace

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.weights import (
    bias_values,
    channel_multipliers,
    constant_bias,
    constant_weights,
    multipliers_in_range,
    quantization_of,
    requantization,
)
from qmcu.compile.operators.window import (
    Axis,
    axes,
    image_fields,
    taps_fit,
    window_fields,
    window_options,
)
from qmcu.compile.plan import KernelCall, ParametersArgument


def _kernel(context: OperatorContext) -> tuple[int, ...]:
    return context.input(1).shape[1:3]


def windows(context: OperatorContext) -> tuple[Axis, Axis]:
    """The windows of the convolution that leads from the output back to the input."""
    return axes(context, context.output().shape[1:3], _kernel(context))


def multipliers(context: OperatorContext) -> list[float]:
    """Real multipliers, one per scale of the weights."""
    return channel_multipliers(context, 2)


def _shape_problem(context: OperatorContext) -> str | None:
    weights, source, target = context.input(1), context.input(2), context.output()
    vertical, horizontal = windows(context)
    expected = (target.shape[0], vertical.output, horizontal.output, weights.shape[3])
    if source.shape != expected:
        return f"input {source} must have shape {expected} for output {target}"
    if target.shape[3] != weights.shape[0]:
        return f"output {target} must have the weights' {weights.shape[0]} channels"
    return None


def _output_shape_problem(context: OperatorContext) -> str | None:
    stated, target = context.input(0), context.output()
    if stated.dtype != "int32":
        return f"output shape operand {stated.name} is {stated.dtype}, int32 is needed"
    if not stated.is_constant:
        # The interpreter never reads it: the output's shape is that of its tensor.
        return None
    values = tuple(int(v) for v in stated.array.reshape(-1))
    if values == target.shape:
        return None
    return f"output shape operand {stated.name} says {values}, output {target} has another"


def _lower(context: OperatorContext) -> KernelCall:
    weights, source, target = context.input(1), context.input(2), context.output()
    bias = bias_values(context.optional_input(3), target.shape[3])
    fields, constants = requantization(context, multipliers(context))
    parameters = (
        *image_fields(source, target),
        *window_fields(*windows(context)),
        ("input_zero_point", quantization_of(source).zero_point),
        *fields,
    )
    call = context.call(
        "transpose_conv",
        (
            ParametersArgument("qmcu_transpose_conv_params", parameters),
            context.operand(source),
            context.constant("weights", weights.array, "weights"),
            context.constant("bias", bias, "bias"),
            *constants,
            context.operand(target),
        ),
        macs=source.elements * weights.elements // source.shape[3],
    )
    return replace(call, reads=(source.index,))


# What the operator needs of its shapes and options, in every type.
SHAPES = (
    checks.input_rank(4, 4, 2),
    checks.output_rank(4, 4),
    Constraint(
        "output shape operand int32, equal to the output's shape where it is a constant",
        _output_shape_problem,
    ),
    window_options("stride_h", "stride_w"),
    taps_fit(_kernel),
    Constraint("input has the shape that output, weights and options give", _shape_problem),
)

SUPPORT = (
    OperatorSupport(
        kind="TRANSPOSE_CONV",
        kernel="transpose_conv",
        constraints=(
            checks.operands(3, 1),
            checks.int8(2),
            *constant_weights(1, 4, 0, ("int8",)),
            *constant_bias(3, 1, 0),
            *SHAPES,
            checks.fused_activation(),
            multipliers_in_range(multipliers),
        ),
        lower=_lower,
    ),
)
