"""Lowerings for the vector extension MVE (Cortex-M55, M85): VMLADAVA on packed weights."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets.addition import plain_sum, sum_call
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators import fully_connected
from qmcu.compile.operators.weights import (
    channel_multipliers,
    folded_bias,
    quantization_of,
)
from qmcu.compile.operators.window import Fields, axes, image_fields, window_fields
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument
from qmcu.compile.requantize import activation_range, quantize_multiplier

LANES = 16  # bytes in a vector
_SUMS = 64  # pixels whose sums depthwise_conv_2d_mve keeps at a time, more if a row is longer
_LARGEST_SPAN = 255  # VLDRB gathers with offsets of one byte
_LARGEST_DEPTH = 8192  # and fills a plane with offsets of two bytes

Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]


def channel_constants(reals: Sequence[float], bias: Int32Array) -> Int32Array | None:
    """qmcu_mve_channel of each filter, int32 [count, 3]: bias, multiplier, shift.

    None where a shift is not in [-31, -1]: the vector sequence rounds only such shifts right.
    """
    pairs = [quantize_multiplier(real) for real in reals]
    # A multiplier of 0 gives 0 with any shift.
    pairs = [pair if pair[0] else (0, -1) for pair in pairs]
    if any(not -31 <= shift <= -1 for _, shift in pairs):
        return None
    result = np.empty((len(bias), 3), np.int32)
    result[:, 0] = bias
    result[:, 1:] = pairs
    return result


def pack_filters(filters: Int8Array) -> Int8Array:
    """int8 [count, values] with the values filled up with zeros to whole vectors."""
    return np.pad(filters, ((0, 0), (0, -filters.shape[1] % LANES)))


def output_fields(context: OperatorContext) -> Fields:
    """The parameter fields of the output's zero point and clamp."""
    target = quantization_of(context.output())
    activation = context.text("fused_activation_function", "NONE")
    low, high = activation_range(activation, target.scale, target.zero_point)
    return (
        ("output_zero_point", target.zero_point),
        ("activation_minimum", low),
        ("activation_maximum", high),
    )


def lower_conv_2d(context: OperatorContext) -> KernelCall | None:
    """CONV_2D without groups."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    if weights.shape[3] != source.shape[3] or source.is_constant:
        return None
    zero_point = quantization_of(source).zero_point
    filters = weights.array.reshape(weights.shape[0], -1)
    bias = folded_bias(context.optional_input(2), weights.array, zero_point)
    channels = channel_constants(channel_multipliers(0, 1)(context), bias)
    if channels is None:
        return None
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    packed = pack_filters(filters)
    steps = packed.shape[1] // LANES
    pointwise = weights.shape[1:3] == (1, 1) and (vertical.stride, horizontal.stride) == (1, 1)
    direct = pointwise and filters.shape[1] % LANES == 0
    parameters = (
        *image_fields(source, target),
        *window_fields(vertical, horizontal),
        ("input_zero_point", zero_point),
        ("steps", steps),
        ("direct", int(direct)),
        *output_fields(context),
    )
    return context.call(
        "conv_2d_mve",
        (
            ParametersArgument("qmcu_conv_2d_mve_params", parameters),
            context.operand(source),
            context.constant("weights", packed, "weights"),
            context.constant("channels", channels, "requantization"),
            ScratchArgument(4 if direct else 4 * LANES * steps),
            context.operand(target),
        ),
        macs=target.elements * filters.shape[1],
    )


def by_fours(channels: Int32Array) -> Int32Array:
    """int32 [count, 3] to [groups, 3, 4]: what four lanes need, filled up with zeros."""
    padded = np.pad(channels, ((0, -len(channels) % 4), (0, 0)))
    return np.ascontiguousarray(padded.reshape(-1, 4, 3).transpose(0, 2, 1))


def pack_rows(rows: Int8Array) -> Int8Array:
    """int8 [outputs, inputs] to [groups, steps, 4, 16]: a vector of each of four rows in turn."""
    filled = np.pad(pack_filters(rows), ((0, -len(rows) % 4), (0, 0)))
    return np.ascontiguousarray(
        filled.reshape(-1, 4, filled.shape[1] // LANES, LANES).transpose(0, 2, 1, 3)
    )


def lower_fully_connected(context: OperatorContext) -> KernelCall | None:
    """FULLY_CONNECTED of any batch."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    if source.is_constant:
        return None
    outputs, inputs = weights.shape
    bias = folded_bias(context.optional_input(2), weights.array, quantization_of(source).zero_point)
    channels = channel_constants(fully_connected.multipliers(context), bias)
    if channels is None:
        return None
    packed = pack_rows(weights.array)
    steps = packed.shape[1]
    direct = inputs % LANES == 0
    parameters = (
        ("batches", source.elements // inputs),
        ("input_depth", inputs),
        ("output_depth", outputs),
        ("steps", steps),
        ("direct", int(direct)),
        *output_fields(context),
    )
    return context.call(
        "fully_connected_mve",
        (
            ParametersArgument("qmcu_fully_connected_mve_params", parameters),
            context.operand(source),
            context.constant("weights", packed, "weights"),
            context.constant("channels", by_fours(channels), "requantization"),
            ScratchArgument(4 if direct else LANES * steps),
            context.operand(target),
        ),
        macs=target.elements * inputs,
    )


def lower_depthwise_conv_2d(context: OperatorContext) -> KernelCall | None:
    """DEPTHWISE_CONV_2D of at most 16 taps, within 256 bytes of a padded channel."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    batches, height, width, depth = source.shape
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    taps = vertical.kernel * horizontal.kernel
    plane_height, plane_width = (
        (axis.output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1
        for axis in (vertical, horizontal)
    )
    span = (vertical.kernel - 1) * vertical.dilation * plane_width
    span += (horizontal.kernel - 1) * horizontal.dilation
    if source.is_constant or taps > LANES or span > _LARGEST_SPAN or depth > _LARGEST_DEPTH:
        return None
    filters = np.ascontiguousarray(weights.array.reshape(taps, -1).T)
    zero_point = quantization_of(source).zero_point
    bias = folded_bias(context.optional_input(2), filters, zero_point)
    channels = channel_constants(channel_multipliers(0, 1)(context), bias)
    if channels is None:
        return None
    block = max(1, _SUMS // target.shape[2])
    parameters = (
        ("batches", batches),
        ("input_height", height),
        ("input_width", width),
        ("input_depth", depth),
        ("output_height", target.shape[1]),
        ("output_width", target.shape[2]),
        ("depth_multiplier", target.shape[3] // depth),
        *window_fields(vertical, horizontal),
        ("plane_height", plane_height),
        ("plane_width", plane_width),
        ("block", block),
        ("input_zero_point", zero_point),
        *output_fields(context),
    )
    in_place = source.shape == target.shape and batches == 1
    # A lane without a tap reads the plane too: its offset is 0 and its weight is 0.
    return context.call(
        "depthwise_conv_2d_mve",
        (
            ParametersArgument("qmcu_depthwise_conv_2d_mve_params", parameters),
            context.operand(source),
            context.constant("weights", filters, "weights"),
            context.constant("channels", channels, "requantization"),
            ScratchArgument(4 * block * target.shape[2] + plane_height * plane_width),
            context.operand(target),
        ),
        macs=target.elements * taps,
        may_overlay=((source.index, target.index),) if in_place else (),
    )


def lower_add(context: OperatorContext) -> KernelCall | None:
    """ADD of two inputs of the output's shape."""
    terms = plain_sum(context, 31)
    if terms is None:
        return None
    parameters = (
        *terms.fields,
        ("left_shift", 20 + terms.doubled),
        ("multiplier", terms.multiplier),
        ("shift", terms.shift),
        ("output_multiplier", terms.output_multiplier),
        ("output_shift", terms.output_shift),
        *output_fields(context),
    )
    return sum_call(context, "add_mve", terms, parameters)


LOWERINGS: dict[str, Sequence[Lowering]] = {
    "ADD": (lower_add,),
    "CONV_2D": (lower_conv_2d,),
    "DEPTHWISE_CONV_2D": (lower_depthwise_conv_2d,),
    "FULLY_CONNECTED": (lower_fully_connected,),
}
