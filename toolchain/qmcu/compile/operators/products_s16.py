"""CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and TRANSPOSE_CONV of int16 with int8 weights.

The interpreter adds in 64 bits where the bias is int64 (or absent) and rounds once, with 16 bits of
the multiplier. Where the bias is int32, which two of the four take, sums wrap around at 32 bits and
are requantized as those of int8 are.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, convolution, fully_connected, transpose_conv
from qmcu.compile.operators.weights import (
    Multipliers,
    channel_multipliers,
    constant_bias,
    constant_weights,
    multipliers_in_range,
    quantization_of,
)
from qmcu.compile.operators.window import image_fields, sliding_window, window_fields
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument
from qmcu.compile.requantize import activation_range, quantize_multiplier, reduce_multiplier

Fields = tuple[tuple[str, FieldValue], ...]

# What a sum of 64 bits and its multiplier may be for the interpreter.
_LARGEST_MULTIPLIER = 2.0**14
_LARGEST_SUM = 1 << 47
# Right shifts of a 64-bit product that are a shift of the multiplier and the upper half.
EXACT_SHIFTS = range(16, 33)
# An input times a weight, at most.
_LARGEST_PRODUCT = 1 << 22


def is_wide(context: OperatorContext, bias: int = 2) -> bool:
    """True where the interpreter adds in 64 bits; the bias is the operand at `bias`."""
    tensor = context.optional_input(bias)
    if tensor is None:
        return context.operator.options.get("quantized_bias_type") != "INT32"
    return tensor.dtype != "int32"


def wide_sums(bias: int, multipliers: Multipliers = channel_multipliers) -> Constraint:
    """Where sums have 64 bits: they stay below 2^47 and the multipliers below 2^14."""

    def check(context: OperatorContext) -> str | None:
        if not is_wide(context, bias):
            return None
        largest = max(multipliers(context))
        if not largest < _LARGEST_MULTIPLIER:
            return f"requantization multiplier {largest:.3g}, less than 2^14 is needed"
        tensor, weights = context.optional_input(bias), context.input(1)
        values = np.zeros(1, np.int64) if tensor is None else tensor.array.astype(np.int64)
        most = max(abs(int(values.min())), abs(int(values.max())))
        product = _LARGEST_PRODUCT
        if context.operator.kind == "FULLY_CONNECTED" and fully_connected.has_offset(context):
            product *= 2
        if most + weights.elements * product >= _LARGEST_SUM:
            return f"bias up to {most}, sums below 2^47 are needed"
        return None

    return Constraint("where the bias has 64 bits, sums below 2^47, multipliers below 2^14", check)


def _requantization(
    context: OperatorContext, reals: Sequence[float], wide: bool
) -> tuple[Fields, npt.NDArray[np.int32], npt.NDArray[np.int8]]:
    """The fields, multipliers and shifts of a call; one of each where all channels agree."""
    pairs = [quantize_multiplier(real) for real in reals]
    if wide:
        pairs = [(reduce_multiplier(multiplier), shift) for multiplier, shift in pairs]
    if len(set(pairs)) == 1:
        pairs = pairs[:1]
    activation = context.text("fused_activation_function", "NONE")
    low, high = activation_range(activation, quantization_of(context.output()).scale, 0, "int16")
    fields: Fields = (
        ("activation_minimum", low),
        ("activation_maximum", high),
        ("requantization_step", int(len(pairs) > 1)),
    )
    multipliers, shifts = zip(*pairs, strict=True)
    return fields, np.array(multipliers, np.int32), np.array(shifts, np.int8)


def _call(
    context: OperatorContext,
    kernel: str,
    fields: Fields,
    *,
    macs: int,
    source: int = 0,
    bias: int = 2,
    takes_int32: bool = False,
) -> KernelCall:
    """The call of a kernel; the input is the operand at `source`."""
    wide, values = is_wide(context, bias) or not takes_int32, context.optional_input(bias)
    weights, target = context.input(1), context.output()
    reals = channel_multipliers(context, source)
    further, multipliers, shifts = _requantization(context, reals, wide)
    if takes_int32:
        further = (*further, ("wide", int(wide)))
    biases = np.zeros(target.shape[-1], np.int64)
    if values is not None:
        biases = values.array.reshape(-1).astype(np.int64)
    call = context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", (*fields, *further)),
            context.operand(context.input(source)),
            context.constant("weights", weights.array, "weights"),
            context.constant("bias", biases, "bias"),
            context.constant("multipliers", multipliers, "requantization"),
            context.constant("shifts", shifts, "requantization"),
            context.operand(target),
        ),
        macs=macs,
    )
    return replace(call, reads=(context.input(source).index,))


def _lower_conv_2d(context: OperatorContext) -> KernelCall:
    source, weights, target = context.input(0), context.input(1), context.output()
    fields = (
        *sliding_window(source, target, *convolution.windows(context)),
        ("groups", source.shape[3] // weights.shape[3]),
    )
    macs = target.elements * weights.elements // weights.shape[0]
    return _call(context, "conv_2d_s16", fields, macs=macs, takes_int32=True)


def _lower_depthwise_conv_2d(context: OperatorContext) -> KernelCall:
    source, weights, target = context.input(0), context.input(1), context.output()
    multiplier = target.shape[3] // source.shape[3]
    fields = sliding_window(source, target, *convolution.windows(context), multiplier)
    macs = target.elements * weights.shape[1] * weights.shape[2]
    return _call(context, "depthwise_conv_2d_s16", fields, macs=macs)


def _lower_fully_connected(context: OperatorContext) -> KernelCall:
    source = context.input(0)
    outputs, depth = context.input(1).shape
    fields: Fields = (
        ("batches", source.elements // depth),
        ("input_depth", depth),
        ("output_depth", outputs),
    )
    macs = source.elements * outputs
    if fully_connected.has_offset(context):
        fields = (*fields, ("weights_zero_point", quantization_of(context.input(1)).zero_point))
        kernel = "fully_connected_offset_s16"
    else:
        kernel = "fully_connected_s16"
    return _call(context, kernel, fields, macs=macs, takes_int32=True)


def _lower_transpose_conv(context: OperatorContext) -> KernelCall:
    weights, source, target = context.input(1), context.input(2), context.output()
    fields = (
        *image_fields(source, target),
        *window_fields(*transpose_conv.windows(context)),
    )
    macs = source.elements * weights.elements // source.shape[3]
    return _call(context, "transpose_conv_s16", fields, macs=macs, source=2, bias=3)


def _support(
    kind: str,
    kernel: str,
    lower: Callable[[OperatorContext], KernelCall],
    *middle: Constraint,
    axis: int = 0,
    biases: tuple[str, ...] = ("int64",),
    stands_alone: bool = False,
) -> OperatorSupport:
    """The form of an operator; `middle` is what it needs of its shapes."""
    transposed = kind == "TRANSPOSE_CONV"
    source, bias = (2, 3) if transposed else (0, 2)
    multipliers = transpose_conv.multipliers if transposed else channel_multipliers
    return OperatorSupport(
        kind,
        kernel,
        (
            checks.operands(bias, 1),
            checks.types("int16", source),
            checks.quantized(source, symmetric=True),
            *constant_weights(1, 2 if kind == "FULLY_CONNECTED" else 4, axis, ("int8",)),
            *constant_bias(bias, 1, axis, biases),
            *middle,
            checks.fused_activation(),
            multipliers_in_range(multipliers),
            wide_sums(bias, multipliers),
        ),
        lower,
        stands_alone=stands_alone,
        types=("int16",),
    )


SUPPORT: tuple[OperatorSupport, ...] = (
    _support(
        "CONV_2D",
        "conv_2d_s16",
        _lower_conv_2d,
        *convolution.CONV_2D_SHAPES,
        biases=("int32", "int64"),
    ),
    _support(
        "DEPTHWISE_CONV_2D",
        "depthwise_conv_2d_s16",
        _lower_depthwise_conv_2d,
        *convolution.DEPTHWISE_CONV_2D_SHAPES,
        axis=3,
    ),
    _support(
        "FULLY_CONNECTED",
        "fully_connected_s16",
        _lower_fully_connected,
        fully_connected.SYMMETRIC,
        *fully_connected.SHAPES,
        biases=("int32", "int64"),
    ),
    _support(
        "FULLY_CONNECTED",
        "fully_connected_offset_s16",
        _lower_fully_connected,
        *fully_connected.SHAPES,
        biases=("int32", "int64"),
        stands_alone=True,
    ),
    _support(
        "TRANSPOSE_CONV",
        "transpose_conv_s16",
        _lower_transpose_conv,
        *transpose_conv.SHAPES,
        biases=("int16", "int64"),
    ),
)
