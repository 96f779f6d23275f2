"""Lowerings for the vector extension MVE (Cortex-M55, M85): VMLADAVA on packed weights."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from qmcu.compile.kernel_sets import records
from qmcu.compile.kernel_sets.addition import plain_sum, sum_call
from qmcu.compile.kernel_sets.depthwise import of_one_channel
from qmcu.compile.kernel_sets.mve_packing import (
    LANES,
    Int8Array,
    Int32Array,
    by_fours,
    pack_int4_pairs,
    pack_int4_rows,
    pack_pairs,
    pack_records,
    pack_rows,
)
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import (
    channel_multipliers,
    folded_bias,
    quantization_of,
)
from qmcu.compile.operators.window import (
    Axis,
    Fields,
    axes,
    sliding_window,
)
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument
from qmcu.compile.requantize import activation_range, quantize_multiplier
from qmcu.model.graph import Tensor

_SUMS = 64  # pixels whose sums depthwise_conv_2d_mve keeps at a time, more if a row is longer
_LEAST_ROW = 4  # outputs of a row from which four lanes pay
_LARGEST_SPAN = 255  # VLDRB gathers with offsets of one byte
_LARGEST_DEPTH = 8192  # and fills a plane with offsets of two bytes
_AWAY, _RELU, _LEFT = range(3)  # the forms in multiply_mve.h
_MOST_FILTERS = 16384  # four pixels of them within offsets of two bytes
_FEW_CHANNELS = 4  # of depthwise_conv_2d_mve_3x3, for a quarter of the scratch
_SMALL_SCRATCH = 4096  # bytes that a convolution may always take to save time


def channel_pairs(reals: Sequence[float], count: int) -> list[tuple[int, int]]:
    """Multiplier and shift of each of `count` channels; a multiplier of 0 goes with shift -1."""
    pairs = [quantize_multiplier(real) for real in reals]
    pairs = [pair if pair[0] else (0, -1) for pair in pairs]
    return pairs if len(pairs) == count else pairs * count


def channel_constants(reals: Sequence[float], bias: Int32Array) -> Int32Array | None:
    """qmcu_mve_channel of each filter, int32 [count, 3]: bias, multiplier, shift.

    None where a shift is not in [-31, -1]: the vector sequence rounds only such shifts right.
    """
    pairs = channel_pairs(reals, len(bias))
    if any(shift > -1 for _, shift in pairs):
        return None
    multipliers, shifts = zip(*pairs, strict=True)
    channels = records.make(
        records.MVE_CHANNEL, len(bias), bias=bias, multiplier=multipliers, shift=shifts
    )
    return records.words(channels)


def output_limits(context: OperatorContext) -> tuple[int, int, int]:
    """The output's zero point and its clamp, minimum and maximum."""
    target = quantization_of(context.output())
    activation = context.text("fused_activation_function", "NONE")
    return target.zero_point, *activation_range(activation, target.scale, target.zero_point)


def output_fields(context: OperatorContext) -> Fields:
    """The parameter fields of the output's zero point and clamp."""
    names = ("output_zero_point", "activation_minimum", "activation_maximum")
    return tuple(zip(names, output_limits(context), strict=True))


def multiply_fields(
    context: OperatorContext, filters: Int8Array, pairs: Sequence[tuple[int, int]]
) -> Fields:
    """The fields of qmcu_multiply_mve_params for int8 `filters` [count, values]."""
    zero_point, low, high = output_limits(context)
    form = _RELU if low >= zero_point else _AWAY
    if any(shift > -1 for _, shift in pairs):
        form = _LEFT
    return (
        ("multiply.steps", -(-filters.shape[1] // LANES)),
        ("multiply.filters", filters.shape[0]),
        ("multiply.form", form),
        ("multiply.zero_point", zero_point),
        ("multiply.minimum", low),
        ("multiply.maximum", high),
    )


def output_fits_over_input(vertical: Axis, shape: Sequence[int], row_bytes: int) -> bool:
    """Whether rows of the output, of `row_bytes`, never reach a row of the input not yet read.

    The input has the NHWC `shape`; a row of the output is written when its window was read.
    """
    batches, height, width, depth = shape
    for row in range(vertical.output):
        read = row * vertical.stride - vertical.padding + vertical.kernel
        if read < height and (row + 1) * row_bytes > read * width * depth:
            return False
    return batches == 1


def _window_scratch(vertical: Axis, horizontal: Axis, depth: int) -> int:
    """Bytes of scratch of conv_2d_mve."""
    width = (horizontal.output - 1) * horizontal.stride + horizontal.kernel
    overlap = vertical.kernel > vertical.stride
    slide = (vertical.output - 1) * vertical.stride if overlap else 0
    values = vertical.kernel * horizontal.kernel * depth
    staged = 4 * LANES * -(-values // LANES) if horizontal.output % 4 else 0
    return (width * vertical.kernel + slide) * depth + LANES + staged


def _windows_fit(vertical: Axis, horizontal: Axis, source: Tensor, target: Tensor) -> bool:
    """Whether conv_2d_mve can be used: it has no dilation and may need too much scratch."""
    limit = max(_SMALL_SCRATCH, (source.elements + target.elements) // 8)
    scratch = _window_scratch(vertical, horizontal, source.shape[3])
    return vertical.dilation == horizontal.dilation == 1 and scratch <= limit


def lower_conv_2d(context: OperatorContext) -> KernelCall | None:
    """CONV_2D without groups."""
    return _conv_2d(context, "conv_2d_mve", pack_pairs)


def lower_conv_2d_int4(context: OperatorContext) -> KernelCall | None:
    """The same with int4 weights, which stay packed."""
    return _conv_2d(context, "conv_2d_int4_mve", pack_int4_pairs)


def _conv_2d(
    context: OperatorContext,
    name: str,
    pack: Callable[[Int8Array, Int32Array, Sequence[tuple[int, int]]], Int32Array],
) -> KernelCall | None:
    source, target, weights = context.input(0), context.output(), context.input(1)
    depth, filters = source.shape[3], target.shape[3]
    if weights.shape[3] != depth or source.is_constant or filters > _MOST_FILTERS:
        return None
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    pointwise = weights.shape[1:3] == (1, 1) and (vertical.stride, horizontal.stride) == (1, 1)
    windows = _windows_fit(vertical, horizontal, source, target)
    values = weights.array.transpose(0, 2, 1, 3) if windows and not pointwise else weights.array
    values = values.reshape(filters, -1)
    zero_point = quantization_of(source).zero_point
    bias = folded_bias(context.optional_input(2), weights.array, zero_point)
    pairs = channel_pairs(channel_multipliers(context), filters)
    # Backward, a deeper output never reaches pixels that are still to be read.
    backward = pointwise and filters > depth
    if pointwise:
        kernel, scratch, over = f"{name}_pointwise", 4 * depth + LANES, True
        shape: Fields = (
            ("pixels", source.elements // depth),
            ("input_depth", depth),
            ("backward", int(backward)),
        )
    else:
        kernel = name if windows else f"{name}_columns"
        scratch, over = 4 * (values.shape[1] + -values.shape[1] % LANES), False
        if windows:
            scratch = _window_scratch(vertical, horizontal, depth)
            over = output_fits_over_input(vertical, source.shape, target.shape[2] * filters)
        shape = (
            *sliding_window(source, target, vertical, horizontal),
            ("input_zero_point", zero_point),
        )
    call = context.call(
        kernel,
        (
            ParametersArgument(
                f"qmcu_{kernel}_params", (*shape, *multiply_fields(context, values, pairs))
            ),
            context.operand(source),
            context.constant("weights", pack(values, bias, pairs), "weights"),
            ScratchArgument(scratch),
            context.operand(target),
        ),
        macs=target.elements * values.shape[1],
        may_overlay=((source.index, target.index),) if over else (),
    )
    return replace(call, overlay_grows=backward)


def lower_fully_connected(context: OperatorContext) -> KernelCall | None:
    """FULLY_CONNECTED of any batch."""
    return _fully_connected(context, "fully_connected_mve", pack_rows)


def lower_fully_connected_int4(context: OperatorContext) -> KernelCall | None:
    """The same with int4 weights, which stay packed."""
    return _fully_connected(context, "fully_connected_int4_mve", pack_int4_rows)


def _fully_connected(
    context: OperatorContext, kernel: str, pack: Callable[[Int8Array], Int8Array]
) -> KernelCall | None:
    source, target, weights = context.input(0), context.output(), context.input(1)
    if source.is_constant:
        return None
    outputs, inputs = weights.shape
    bias = folded_bias(context.optional_input(2), weights.array, quantization_of(source).zero_point)
    channels = channel_constants(channel_multipliers(context), bias)
    if channels is None:
        return None
    packed = pack(weights.array)
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
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            context.operand(source),
            context.constant("weights", packed, "weights"),
            context.constant("channels", by_fours(channels), "requantization"),
            ScratchArgument(4 if direct else LANES * steps),
            context.operand(target),
        ),
        macs=target.elements * inputs,
    )


def lower_depthwise_conv_2d(context: OperatorContext) -> KernelCall | None:
    """DEPTHWISE_CONV_2D of at most 16 taps, within 256 bytes of a padded channel.

    Lanes are neighbours in a row: narrow rows of channels in fours are faster by the DSP kernels.
    """
    source, target, weights = context.input(0), context.output(), context.input(1)
    batches, depth = source.shape[0], source.shape[3]
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
    if target.shape[2] < _LEAST_ROW and target.shape[3] == depth and depth % 4 == 0:
        return None
    filters = np.ascontiguousarray(weights.array.reshape(taps, -1).T)
    zero_point = quantization_of(source).zero_point
    bias = folded_bias(context.optional_input(2), filters, zero_point)
    channels = channel_constants(channel_multipliers(context), bias)
    if channels is None:
        return None
    block = max(1, _SUMS // target.shape[2])
    parameters = (
        *sliding_window(source, target, vertical, horizontal, target.shape[3] // depth),
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


def lower_depthwise_3x3(context: OperatorContext, channels: int = LANES) -> KernelCall | None:
    """DEPTHWISE_CONV_2D of 3x3 windows at stride 1 or 2, depth multiplier 1.

    Scratch holds `channels` at a time, at most 16.
    """
    source, target, weights = context.input(0), context.output(), context.input(1)
    depth, width = source.shape[3], target.shape[2]
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    stride = vertical.stride
    if source.is_constant or weights.shape[1:] != (3, 3, depth) or stride > 2:
        return None
    if horizontal.stride != stride or (vertical.dilation, horizontal.dilation) != (1, 1):
        return None
    if stride == 1 and min(target.shape[1:3]) < 2:
        return None
    group = min(depth, channels)
    zero_point = quantization_of(source).zero_point
    filters = weights.array.reshape(3, 3, depth).transpose(2, 0, 1)
    bias = folded_bias(context.optional_input(2), filters, zero_point)
    pairs = channel_pairs(channel_multipliers(context), depth)
    limits = output_limits(context)
    saturated = limits == (-128, -128, 127) and all(shift <= -1 for _, shift in pairs)
    columns = width + 2 if stride == 1 else 8 * -(-width // 4) + 2
    parameters = (
        ("batches", source.shape[0]),
        ("input_height", source.shape[1]),
        ("input_width", source.shape[2]),
        ("depth", depth),
        ("output_height", target.shape[1]),
        ("output_width", width),
        ("stride", stride),
        ("padding_top", vertical.padding),
        ("padding_left", horizontal.padding),
        ("plane_width", (width - 1) * stride + 3),
        ("group", group),
        ("input_zero_point", zero_point),
        ("saturated", int(saturated)),
        *output_fields(context),
    )
    return context.call(
        "depthwise_conv_2d_mve_3x3",
        (
            ParametersArgument("qmcu_depthwise_conv_2d_mve_3x3_params", parameters),
            context.operand(source),
            context.constant("records", pack_records(filters, bias, pairs), "weights"),
            ScratchArgument(4 * group * columns),
            context.operand(target),
        ),
        macs=target.elements * 9,
        # Outputs replace input pixels of their own channels whose rows are in scratch already.
        may_overlay=((source.index, target.index),),
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


def _narrow_depthwise_3x3(context: OperatorContext) -> KernelCall | None:
    return lower_depthwise_3x3(context, _FEW_CHANNELS)


# The narrow form fits whatever the one before it does: only `--optimize ram` looks for it.
LOWERINGS: dict[str, Sequence[Lowering]] = {
    "ADD": (lower_add,),
    "CONV_2D": (lower_conv_2d,),
    "DEPTHWISE_CONV_2D": (
        *of_one_channel((lower_conv_2d,)),
        lower_depthwise_3x3,
        _narrow_depthwise_3x3,
        lower_depthwise_conv_2d,
    ),
    "FULLY_CONNECTED": (lower_fully_connected,),
}
# For int4 weights, which stay packed.
INT4_LOWERINGS: dict[str, Sequence[Lowering]] = {
    "CONV_2D": (lower_conv_2d_int4,),
    "FULLY_CONNECTED": (lower_fully_connected_int4,),
}
