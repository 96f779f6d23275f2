"""The general DSP kernels, for dilation, other windows and wide sums."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets import records
from qmcu.compile.kernel_sets.addition import plain_sum, sum_call
from qmcu.compile.kernel_sets.trailing import behind_rows, behind_windows, trailing_pool
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.pooling import lower_pool
from qmcu.compile.operators.weights import (
    channel_multipliers,
    folded_bias,
    quantization_of,
)
from qmcu.compile.operators.window import Axis, axes, sliding_window, window_fields
from qmcu.compile.plan import (
    KernelCall,
    ParametersArgument,
    ScratchArgument,
)
from qmcu.compile.requantize import activation_range, quantize_multiplier

STEP = 4  # values of a filter that one step of the inner loops multiplies
_SUM_LIMIT = 1 << 30
_LARGEST_SHIFT = 20
_LARGEST_POOL = 255  # pixels: their sum fits a halfword
_LARGEST_KERNEL = 49  # taps: room for pointers to them in depthwise_conv_2d_dsp

Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]


def channel_constants(
    context: OperatorContext, filters: Int8Array, bias: Int32Array, group: int
) -> Int32Array | None:
    """qmcu_channel of each filter, int32 [count, 4], filled up to a multiple of `group`.

    `filters` is int8 [count, values], `bias` has the input zero point folded in. None where six
    instructions are not enough: activation limits inside [-128, 127], a multiplier of 1/2
    or more, or sums that may reach 2^30.
    """
    if not output_limits_are_int8(context):
        return None
    zero_point = quantization_of(context.output()).zero_point
    pairs = [quantize_multiplier(real) for real in channel_multipliers(context)]
    largest = np.abs(filters.astype(np.int64)).sum(axis=1) * 128 + np.abs(bias.astype(np.int64))
    count = len(filters)
    result = records.make(records.CHANNEL, -(-count // group) * group)
    for i in range(count):
        pair = pairs[i if len(pairs) > 1 else 0]
        plain = plain_channel(int(bias[i]), int(largest[i]), pair, zero_point)
        if plain is None:
            return None
        result[i] = plain
    # A filter that fills up computes something harmless that is never stored.
    result["shift"][count:] = 1
    return records.words(result)


def output_limits_are_int8(context: OperatorContext) -> bool:
    """Whether the fused activation leaves all of int8."""
    target = quantization_of(context.output())
    activation = context.text("fused_activation_function", "NONE")
    return activation_range(activation, target.scale, target.zero_point) == (-128, 127)


def plain_channel(
    bias: int, largest: int, pair: tuple[int, int], zero_point: int
) -> tuple[int, int, int, int] | None:
    """A qmcu_channel of sums up to `largest`, or None where six instructions are not enough."""
    multiplier, shift = pair
    if not -_LARGEST_SHIFT <= shift <= -1 or largest >= _SUM_LIMIT:
        return None
    return bias, multiplier, (1 << (-shift - 1)) + (zero_point << -shift), -shift


def pack_filters(filters: Int8Array, group: int) -> Int8Array:
    """int8 [count, values] to [groups, steps, group, 4]: a step of each filter side by side."""
    count, values = filters.shape
    padded = np.zeros((-(-count // group) * group, -(-values // STEP) * STEP), np.int8)
    padded[:count, :values] = filters
    steps = padded.shape[1] // STEP
    return np.ascontiguousarray(padded.reshape(-1, group, steps, STEP).transpose(0, 2, 1, 3))


def lower_conv_2d(context: OperatorContext) -> KernelCall | None:
    """CONV_2D without groups."""
    return _conv_2d(context, "conv_2d_dsp", lambda filters: pack_filters(filters, 2))


def _conv_2d(
    context: OperatorContext, kernel: str, pack: Callable[[Int8Array], npt.NDArray[Any]]
) -> KernelCall | None:
    source, target, weights = context.input(0), context.output(), context.input(1)
    if weights.shape[3] != source.shape[3] or source.is_constant:
        return None
    zero_point = quantization_of(source).zero_point
    filters = weights.array.reshape(weights.shape[0], -1)
    bias = folded_bias(context.optional_input(2), weights.array, zero_point)
    channels = channel_constants(context, filters, bias, 2)
    if channels is None:
        return None
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    packed = pack(filters)
    steps = packed.shape[1]
    parameters = (
        *sliding_window(source, target, vertical, horizontal),
        ("depth", source.shape[3]),
        ("input_zero_point", zero_point),
        ("steps", steps),
    )
    pointwise = weights.shape[1:3] == (1, 1) and (vertical.stride, horizontal.stride) == (1, 1)
    # Two pixels are read before they are written, and each is written where it was or before.
    overlay = (
        ((source.index, target.index),) if pointwise and target.shape[3] <= source.shape[3] else ()
    )
    call = context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            context.operand(source),
            context.constant("weights", packed, "weights"),
            context.constant("channels", channels, "requantization"),
            ScratchArgument(16 * steps),
            context.operand(target),
        ),
        macs=target.elements * filters.shape[1],
        may_overlay=overlay,
    )
    return behind_windows(call, source, target, (vertical, horizontal), 2)


def lower_depthwise_conv_2d(context: OperatorContext) -> KernelCall | None:
    """DEPTHWISE_CONV_2D with depth multiplier 1, no dilation; channels are filled up to fours."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    batches, height, width, depth = source.shape
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    taps = vertical.kernel * horizontal.kernel
    if (
        source.is_constant
        or target.shape[3] != depth
        or (vertical.dilation, horizontal.dilation) != (1, 1)
        or taps > _LARGEST_KERNEL
    ):
        return None
    zero_point = quantization_of(source).zero_point
    filters = weights.array.reshape(taps, depth).T
    bias = folded_bias(context.optional_input(2), filters, zero_point)
    channels = channel_constants(context, filters, bias, STEP)
    if channels is None:
        return None
    row_width = (target.shape[2] - 1) * horizontal.stride + horizontal.kernel
    rest = -depth % STEP
    in_place = (
        not rest
        and _stays_inside(vertical, target.shape[1], height)
        and _stays_inside(horizontal, target.shape[2], width)
    )
    rows = 4 if in_place else vertical.kernel * row_width * depth
    parameters = (
        ("batches", batches),
        ("input_height", height),
        ("input_width", width),
        ("depth", depth),
        ("output_height", target.shape[1]),
        ("output_width", target.shape[2]),
        *window_fields(vertical, horizontal),
        ("row_width", 0 if in_place else row_width),
        ("input_zero_point", zero_point),
    )
    same = source.shape == target.shape and (vertical.stride, horizontal.stride) == (1, 1)
    call = context.call(
        "depthwise_conv_2d_dsp",
        (
            ParametersArgument("qmcu_depthwise_conv_2d_dsp_params", parameters),
            context.operand(source),
            context.constant("weights", pack_taps(fill_up(filters)), "weights"),
            context.constant("channels", channels, "requantization"),
            ScratchArgument(rows + (depth + rest + 4 if rest else 0)),
            context.operand(target),
        ),
        macs=target.elements * taps,
        may_overlay=((source.index, target.index),) if same and batches == 1 else (),
    )
    if in_place:
        return behind_windows(call, source, target, (vertical, horizontal), 0)
    return behind_rows(call, source, target, vertical)


def _stays_inside(axis: Axis, outputs: int, inputs: int) -> bool:
    """Whether no window of that many outputs reads padding."""
    return axis.padding == 0 and (outputs - 1) * axis.stride + axis.kernel <= inputs


def fill_up(filters: Int8Array) -> Int8Array:
    """int8 [channels, taps] with channels of zeros that make them fours."""
    return np.pad(filters, ((0, -len(filters) % STEP), (0, 0)))


def pack_taps(filters: Int8Array) -> npt.NDArray[np.int16]:
    """int8 [channels, taps] to int16 [channels / 4, pairs of taps, 4, 2], an odd tap with zero."""
    depth, taps = filters.shape
    padded = np.zeros((depth, taps + taps % 2), np.int16)
    padded[:, :taps] = filters
    return np.ascontiguousarray(padded.reshape(depth // 4, 4, -1, 2).transpose(0, 2, 1, 3))


def lower_average_pool_2d(context: OperatorContext) -> KernelCall | None:
    """AVERAGE_POOL_2D over at most 255 pixels, without activation limits."""
    window = context.integer("filter_height") * context.integer("filter_width")
    if window > _LARGEST_POOL or context.input(0).is_constant:
        return None
    if not output_limits_are_int8(context):
        return None
    return trailing_pool(context, lower_pool(context, "average_pool_2d_dsp"))


def lower_add(context: OperatorContext) -> KernelCall | None:
    """ADD of two inputs of the output's shape, without activation limits."""
    result = quantization_of(context.output())
    activation = context.text("fused_activation_function", "NONE")
    terms = plain_sum(context, _LARGEST_SHIFT)
    limits = activation_range(activation, result.scale, result.zero_point)
    if terms is None or limits != (-128, 127):
        return None
    right, last = -terms.shift, -terms.output_shift
    parameters = (
        *terms.fields,
        ("left_shift", 21 + terms.doubled),
        ("multiplier", terms.multiplier),
        ("rounding", 1 << (right - 1)),
        ("shift", right),
        ("output_multiplier", terms.output_multiplier),
        ("output_rounding", (1 << (last - 1)) + (result.zero_point << last)),
        ("output_shift", last),
    )
    return sum_call(context, "add_dsp", terms, parameters)
