"""CONV_2D and DEPTHWISE_CONV_2D."""

import numpy as np

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.weights import (
    channel_multipliers,
    constant_bias,
    constant_weights,
    folded_bias,
    has_int4_weights,
    multipliers_in_range,
    portable_call,
    quantization_of,
    requantization,
)
from qmcu.compile.operators.window import (
    Axis,
    axes,
    sliding_window,
    taps_fit,
    window_options,
)
from qmcu.compile.plan import KernelCall

_OPTIONS = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")


def _kernel(context: OperatorContext) -> tuple[int, ...]:
    return context.input(1).shape[1:3]


def windows(context: OperatorContext) -> tuple[Axis, Axis]:
    """The vertical and horizontal windows."""
    return axes(context, context.input(0).shape[1:3], _kernel(context))


def _groups_problem(context: OperatorContext) -> str | None:
    depth, (filters, _, _, filter_depth) = context.input(0).shape[3], context.input(1).shape
    if depth % filter_depth:
        return f"{depth} input channels are no multiple of the weights' {filter_depth}"
    groups = depth // filter_depth
    if filters % groups:
        return f"{filters} output channels are no multiple of the {groups} groups"
    return None


def _listed_bias_problem(context: OperatorContext) -> str | None:
    # The reference interpreter crashes on it, so nothing says what the output would be.
    if context.operator.inputs[2:] == (-1,):
        return "the bias is listed as absent (-1); leave the third input out instead"
    return None


def _depth_problem(context: OperatorContext) -> str | None:
    weights, depth = context.input(1), context.input(0).shape[3]
    multiplier = context.integer("depth_multiplier")
    if weights.shape[0] != 1:
        return f"weights {weights} have {weights.shape[0]} in dimension 0, 1 is needed"
    if weights.shape[3] != depth * multiplier:
        return (
            f"weights {weights} have {weights.shape[3]} channels, {depth} input channels "
            f"times depth multiplier {multiplier} are needed"
        )
    return None


def _output_shape(channels: int) -> Constraint:
    def expected(context: OperatorContext) -> tuple[int, ...]:
        vertical, horizontal = windows(context)
        depth = context.input(1).shape[channels]
        return context.input(0).shape[0], vertical.output, horizontal.output, depth

    return checks.output_shape("output shape follows from input, weights and options", expected)


def _shapes(channels: int, shape: Constraint) -> tuple[Constraint, ...]:
    return (
        checks.input_rank(4, 4),
        window_options(*_OPTIONS),
        taps_fit(_kernel),
        shape,
        _output_shape(channels),
    )


def _constraints(channels: int, shapes: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
    return (
        checks.operands(2, 1),
        checks.int8(0),
        *constant_weights(1, 4, channels),
        *constant_bias(2, 1, channels),
        *shapes,
        checks.fused_activation(),
        multipliers_in_range(),
    )


# What the operators need of their shapes and options, in every type.
CONV_2D_SHAPES = _shapes(
    0,
    Constraint(
        "input channels a multiple of the weights' channels (groups), "
        "output channels a multiple of the groups",
        _groups_problem,
    ),
)
DEPTHWISE_CONV_2D_SHAPES = (
    *_shapes(3, Constraint("output channels = input channels * depth multiplier", _depth_problem)),
    Constraint("no bias listed as absent", _listed_bias_problem),
)


def _lower_conv_2d(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    weights, zero_point = context.input(1), quantization_of(source).zero_point
    bias = folded_bias(context.optional_input(2), weights.array, zero_point)
    fields, constants = requantization(context, channel_multipliers(context))
    parameters = (
        *sliding_window(source, target, *windows(context)),
        ("groups", source.shape[3] // weights.shape[3]),
        ("input_zero_point", zero_point),
        *fields,
    )
    macs = target.elements * weights.elements // weights.shape[0]
    return portable_call(
        context, "conv_2d", weights.array, parameters, bias=bias, constants=constants, macs=macs
    )


def _lower_depthwise_conv_2d(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    weights, zero_point = context.input(1), quantization_of(source).zero_point
    depth = source.shape[3]
    by_channel = np.moveaxis(weights.array, 3, 0)
    bias = folded_bias(context.optional_input(2), by_channel, zero_point)
    fields, constants = requantization(context, channel_multipliers(context))
    macs = target.elements * weights.shape[1] * weights.shape[2]
    if has_int4_weights(context):
        # A convolution of one input channel a group.
        kernel = "conv_2d"
        window = sliding_window(source, target, *windows(context))
        parameters = (*window, ("groups", depth))
    else:
        kernel = "depthwise_conv_2d"
        multiplier = target.shape[3] // depth
        parameters = sliding_window(source, target, *windows(context), multiplier)
    parameters = (*parameters, ("input_zero_point", zero_point), *fields)
    return portable_call(
        context, kernel, by_channel, parameters, bias=bias, constants=constants, macs=macs
    )


SUPPORT = (
    OperatorSupport(
        kind="CONV_2D",
        kernel="conv_2d",
        constraints=_constraints(0, CONV_2D_SHAPES),
        lower=_lower_conv_2d,
    ),
    OperatorSupport(
        kind="DEPTHWISE_CONV_2D",
        kernel="depthwise_conv_2d",
        constraints=_constraints(3, DEPTHWISE_CONV_2D_SHAPES),
        lower=_lower_depthwise_conv_2d,
    ),
)
