"""DEPTHWISE_CONV_2D, FULLY_CONNECTED, ADD and AVERAGE_POOL_2D for the DSP extension."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets.addition import plain_sum
from qmcu.compile.kernel_sets.dsp.filters import (
    LARGEST_SHIFT,
    QUAD,
    STEEP,
    SUMS_OF_QUAD,
    filters_of,
    pack_depthwise_3x3,
    pack_depthwise_3x3_steep,
    pack_quads,
)
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.operators.window import axes
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument
from qmcu.compile.requantize import activation_range, quantize_multiplier, requantize

# Sums over more pixels than this could leave 32 bits in the rounding of the mean.
_LARGEST_IMAGE = 1 << 16


def depthwise_3x3(context: OperatorContext) -> KernelCall | None:
    """DEPTHWISE_CONV_2D 3x3, stride 1 or 2, multiplier 1, channels in fours."""
    taps = taps_3x3(context)
    filters = None if taps is None else filters_of(context, taps)
    channels = None if filters is None else pack_depthwise_3x3(filters)
    if channels is None:
        return None
    return call_depthwise_3x3(context, "depthwise_3x3_dsp", channels)


def depthwise_3x3_steep(context: OperatorContext) -> KernelCall | None:
    """The same with multipliers of 1/2 and more, an instruction more an output."""
    taps = taps_3x3(context)
    filters = None if taps is None else filters_of(context, taps, STEEP)
    channels = None if filters is None else pack_depthwise_3x3_steep(filters)
    if channels is None:
        return None
    return call_depthwise_3x3(context, "depthwise_3x3_steep_dsp", channels)


def taps_3x3(context: OperatorContext) -> npt.NDArray[np.int8] | None:
    """The weights [channels, 3, 3] of a layer that the 3x3 kernels can take, or None."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    depth = source.shape[3]
    if (
        source.is_constant
        or (vertical.kernel, horizontal.kernel) != (3, 3)
        or vertical.stride != horizontal.stride
        or vertical.stride not in (1, 2)
        or (vertical.dilation, horizontal.dilation) != (1, 1)
        or max(vertical.padding, horizontal.padding) > 1
        or target.shape[3] != depth
        or depth % 4
        or target.shape[2] < 2
    ):
        return None
    return np.ascontiguousarray(weights.array[0].transpose(2, 0, 1))


def call_depthwise_3x3(
    context: OperatorContext, kernel: str, channels: npt.NDArray[np.int32]
) -> KernelCall:
    """The call of a 3x3 kernel with its packed `channels`."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    batches, height, width, depth = source.shape
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    parameters = (
        ("batches", batches),
        ("input_height", height),
        ("input_width", width),
        ("depth", depth),
        ("output_height", target.shape[1]),
        ("output_width", target.shape[2]),
        ("stride", vertical.stride),
        ("padding_top", vertical.padding),
        ("padding_left", horizontal.padding),
        ("input_zero_point", quantization_of(source).zero_point),
    )
    columns = (target.shape[2] - 1) * vertical.stride + 3
    call = context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            context.operand(source),
            context.constant("channels", channels, "weights"),
            ScratchArgument(64 * columns),
            context.operand(target),
        ),
        macs=target.elements * 9,
        # Outputs replace input pixels of their own four channels whose rows are packed already.
        may_overlay=((source.index, target.index),),
    )
    return call


def fully_connected_pair(context: OperatorContext) -> KernelCall | None:
    """FULLY_CONNECTED; more than one batch with an input depth in fours."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    outputs, inputs = weights.shape
    batches = source.elements // inputs
    if source.is_constant or (batches > 1 and inputs % 4):
        return None
    filters = filters_of(context, weights.array)
    packed = None if filters is None else pack_quads(filters)
    if filters is None or packed is None:
        return None
    shared = len({*zip(filters.multipliers, filters.shifts, strict=True)}) == 1
    rounding = filters.roundings[0] if shared else 2 * filters.zero_point + 1
    parameters = (
        ("batches", batches),
        ("input_depth", inputs),
        ("output_depth", outputs),
        ("rounding", int(rounding)),
        ("multiplier", int(filters.multipliers[0]) if shared else 0),
        ("shift", int(filters.shifts[0]) if shared else 0),
    )
    kernel = f"fully_connected_{'shared' if shared else 'pair'}_dsp"
    # With one scale for all, what sums begin with is all that a filter has of its own.
    own = packed[1][:, :SUMS_OF_QUAD] if shared else packed[1]
    call = context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            context.operand(source),
            context.constant("weights", packed[0], "weights"),
            context.constant("quads", own, "requantization"),
            context.operand(target),
        ),
        macs=target.elements * inputs,
    )
    return replace(call, overread=-inputs % QUAD)


def add_table(context: OperatorContext) -> KernelCall | None:
    """ADD without broadcasting and activation limits, one input's share from a table of 1 KB."""
    result = quantization_of(context.output())
    activation = context.text("fused_activation_function", "NONE")
    terms = plain_sum(context, LARGEST_SHIFT)
    if terms is None or activation_range(activation, result.scale, result.zero_point) != (
        -128,
        127,
    ):
        return None
    wider, other = quantization_of(terms.wider), quantization_of(terms.other)
    multiplier, shift = quantize_multiplier(other.scale / (2 * wider.scale))
    values = np.arange(256)
    values = np.where(values > 127, values - 256, values)
    shares = requantize((values - other.zero_point) << 20, multiplier, shift)
    table = 2 * (np.asarray(shares, np.int64) - (wider.zero_point << 19))
    if np.abs(table).max() + (128 << 20) >= 1 << 31:
        return None
    last = -terms.output_shift
    parameters = (
        ("size", terms.wider.elements),
        ("multiplier", terms.output_multiplier),
        ("rounding", (1 << (last - 1)) + (result.zero_point << last)),
        ("shift", last),
    )
    target = context.output()
    call = context.call(
        "add_table_dsp",
        (
            ParametersArgument("qmcu_add_table_dsp_params", parameters),
            context.operand(terms.wider),
            context.operand(terms.other),
            context.constant("table", table.astype(np.int32), "table"),
            context.operand(target),
        ),
        may_overlay=tuple((t.index, target.index) for t in (terms.wider, terms.other)),
    )
    return replace(call, trade="a table: 1,024 bytes more flash for half the instructions")


def average_all(context: OperatorContext) -> KernelCall | None:
    """AVERAGE_POOL_2D over the whole image, channels in fours, without activation limits."""
    source, target = context.input(0), context.output()
    batches, height, width, depth = source.shape
    window = context.integer("filter_height"), context.integer("filter_width")
    result = quantization_of(target)
    activation = context.text("fused_activation_function", "NONE")
    if (
        source.is_constant
        or window != (height, width)
        or target.shape != (batches, 1, 1, depth)
        or depth % 4
        or height * width > _LARGEST_IMAGE
        or activation_range(activation, result.scale, result.zero_point) != (-128, 127)
    ):
        return None
    parameters = (("batches", batches), ("pixels", height * width), ("depth", depth))
    return context.call(
        "average_all_dsp",
        (
            ParametersArgument("qmcu_average_all_dsp_params", parameters),
            context.operand(source),
            context.operand(target),
        ),
    )
