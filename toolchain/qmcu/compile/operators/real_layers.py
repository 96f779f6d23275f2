"""Convolutions, fully connected layers and pools of float32.

Products are added in the interpreter's order. Weights may be computed at run time.
"""

from collections.abc import Callable

import numpy as np

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, convolution, fully_connected, pooling, transpose_conv
from qmcu.compile.operators.arithmetic import ACTIVATION, activation_fields
from qmcu.compile.operators.window import Fields, image_fields, sliding_window, window_fields
from qmcu.compile.plan import KernelCall, ParametersArgument


def _call(context: OperatorContext, kernel: str, fields: Fields, macs: int) -> KernelCall:
    """The call of a kernel of an input, weights, a bias (zeros where there is none), an output."""
    first = 2 if context.operator.kind == "TRANSPOSE_CONV" else 0
    source, weights, target = context.input(first), context.input(1), context.output()
    bias = context.optional_input(3 if first else 2)
    zeros = np.zeros(target.shape[-1], np.float32)
    parameters = (*fields, *activation_fields(context, "float32"))
    arguments = (
        ParametersArgument(f"qmcu_{kernel}_params", parameters),
        context.operand(source),
        context.constant("weights", weights.array, "weights")
        if weights.is_constant
        else context.operand(weights),
        context.constant("bias", zeros if bias is None else bias.array, "bias")
        if bias is None or bias.is_constant
        else context.operand(bias),
        context.operand(target),
    )
    return context.call(kernel, arguments, macs=macs)


def _lower_conv_2d(context: OperatorContext) -> KernelCall:
    source, weights, target = context.input(0), context.input(1), context.output()
    fields = (
        *sliding_window(source, target, *convolution.windows(context)),
        ("groups", source.shape[3] // weights.shape[3]),
    )
    macs = target.elements * weights.elements // weights.shape[0]
    return _call(context, "conv_2d_f32", fields, macs)


def _lower_depthwise_conv_2d(context: OperatorContext) -> KernelCall:
    source, weights, target = context.input(0), context.input(1), context.output()
    multiplier = target.shape[3] // source.shape[3]
    fields = sliding_window(source, target, *convolution.windows(context), multiplier)
    macs = target.elements * weights.shape[1] * weights.shape[2]
    return _call(context, "depthwise_conv_2d_f32", fields, macs)


def _lower_fully_connected(context: OperatorContext) -> KernelCall:
    source, (outputs, depth) = context.input(0), context.input(1).shape
    fields = (
        ("batches", source.elements // depth),
        ("input_depth", depth),
        ("output_depth", outputs),
    )
    return _call(context, "fully_connected_f32", fields, source.elements * outputs)


def _lower_transpose_conv(context: OperatorContext) -> KernelCall:
    weights, source, target = context.input(1), context.input(2), context.output()
    fields = (
        *image_fields(source, target),
        *window_fields(*transpose_conv.windows(context)),
    )
    macs = source.elements * weights.elements // source.shape[3]
    return _call(context, "transpose_conv_f32", fields, macs)


def _bias_size(channels: int) -> Constraint:
    """The bias, if any, has one value per output channel: dimension `channels` of the weights."""

    def check(context: OperatorContext) -> str | None:
        bias = context.optional_input(3 if context.operator.kind == "TRANSPOSE_CONV" else 2)
        wanted = context.input(1).shape[channels]
        if bias is None or bias.elements == wanted:
            return None
        return f"bias {bias} has {bias.elements} values for {wanted} output channels"

    return Constraint("bias, if any, has one value per output channel", check)


def _layer(
    kind: str,
    lower: Callable[[OperatorContext], KernelCall],
    shapes: tuple[Constraint, ...],
    dimensions: int = 4,
    channels: int = 0,
) -> OperatorSupport:
    transposed = kind == "TRANSPOSE_CONV"
    operands = (1, 2, 3) if transposed else ()
    constraints = (
        checks.operands(3 if transposed else 2, 1),
        checks.types("float32", *operands),
        checks.input_rank(dimensions, dimensions, 1),
        _bias_size(channels),
        *shapes,
        ACTIVATION,
    )
    return OperatorSupport(kind, f"{kind.lower()}_f32", constraints, lower, types=("float32",))


def _pool(kind: str) -> OperatorSupport:
    kernel = f"{kind.lower()}_f32"

    def lower(context: OperatorContext) -> KernelCall:
        fields = (*pooling.pool_fields(context), *activation_fields(context, "float32"))
        operands = (context.operand(tensor) for tensor in (context.input(0), context.output()))
        return context.call(kernel, (ParametersArgument("qmcu_pool_f32_params", fields), *operands))

    constraints = (checks.operands(1), checks.types("float32"), *pooling.WINDOWS, ACTIVATION)
    return OperatorSupport(kind, kernel, constraints, lower, types=("float32",))


SUPPORT: tuple[OperatorSupport, ...] = (
    _layer("CONV_2D", _lower_conv_2d, convolution.CONV_2D_SHAPES),
    _layer(
        "DEPTHWISE_CONV_2D",
        _lower_depthwise_conv_2d,
        convolution.DEPTHWISE_CONV_2D_SHAPES,
        channels=3,
    ),
    _layer("FULLY_CONNECTED", _lower_fully_connected, fully_connected.ROWS, dimensions=2),
    _layer("TRANSPOSE_CONV", _lower_transpose_conv, transpose_conv.SHAPES),
    _pool("AVERAGE_POOL_2D"),
    _pool("MAX_POOL_2D"),
    _pool("L2_POOL_2D"),
)
