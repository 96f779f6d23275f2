"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED as they come, for the DSP extension.

What no other kernel takes: sums up to 2^31, any multiplier, window and number of channels. A filter
that needs general requantization gets it; the others keep the six instructions of theirs.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets import records
from qmcu.compile.kernel_sets.dsp.depthwise import BALANCED, TWO_TAPS, trade
from qmcu.compile.kernel_sets.dsp.general import (
    STEP,
    Int8Array,
    Int32Array,
    output_limits_are_int8,
    pack_filters,
    pack_taps,
    plain_channel,
)
from qmcu.compile.kernel_sets.trailing import behind_rows, behind_windows
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import channel_multipliers, folded_bias, quantization_of
from qmcu.compile.operators.window import axes, sliding_window
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument
from qmcu.compile.requantize import quantize_multiplier

# Instructions a weight: 30 for 16 from bytes, 24 from halfwords.
_WIDE_SAVES = (30 - 24) / 16
SINGLES = 2  # the most outputs that are not worth a group of four, as other kernels have them
_FEW_BATCHES = 4  # for which the general requantization of all outputs is worth 8 bytes each
_GENERAL = -256  # of a channel's shift: requantized in the general way


def _channels(context: OperatorContext, filters: Int8Array) -> Int32Array | None:
    """qmcu_any_channel of each filter, int32 [count, 3]; None for limits inside int8.

    `filters` is int8 [count, values].
    """
    if not output_limits_are_int8(context):
        return None
    bias = folded_bias(
        context.optional_input(2), filters, quantization_of(context.input(0)).zero_point
    )
    pairs = [quantize_multiplier(real) for real in channel_multipliers(context)]
    pairs *= len(filters) // len(pairs)
    largest = np.abs(filters.astype(np.int64)).sum(axis=1) * 128 + np.abs(bias.astype(np.int64))
    result = records.make(records.ANY_CHANNEL, len(filters))
    for i, (multiplier, shift) in enumerate(pairs):
        plain = plain_channel(int(bias[i]), int(largest[i]), (multiplier, shift), 0)
        result[i] = bias[i], multiplier, _GENERAL + shift if plain is None else -shift
    return records.words(result)


def pack_with_singles(
    filters: Int8Array, fours: int, *, wide: bool, filled: bool = True
) -> Int8Array:
    """int8 [outputs, inputs] for fully_connected_any_dsp: the first `fours` filters, whole fours.

    Not `filled` up, what is left of their steps lies behind each four. The others follow one by
    one; `wide` as halfwords, bytes 0, 2, 1 and 3 of each step.
    """
    whole = filters.shape[1] if filled else filters.shape[1] // STEP * STEP
    grouped = np.zeros(0, np.int8)
    if fours:
        none = np.zeros((fours, 0), np.int8)
        steps = pack_filters(filters[:fours, :whole], 4) if whole else none
        rests = filters[:fours, whole:].reshape(fours // 4, 4 * (filters.shape[1] - whole))
        grouped = np.hstack([steps.reshape(fours // 4, steps.size * 4 // fours), rests]).reshape(-1)
    steps = np.pad(filters[fours:], ((0, 0), (0, -filters.shape[1] % STEP))).reshape(-1, STEP)
    if wide:
        steps = steps[:, [0, 2, 1, 3]].astype("<i2")
    return np.concatenate([grouped, steps.reshape(-1).view(np.int8)])


def _biases_and_scale(channels: Int32Array, count: int) -> Int32Array | None:
    """Biases of all `channels` and a channel for all, where `count` have one scale; else None."""
    if count == 1 or (channels[:count, 1:] != channels[0, 1:]).any():
        return None
    return np.concatenate([channels[:, 0], [0], channels[0, 1:]]).astype(np.int32)


def _of_one_scale(context: OperatorContext, channels: Int32Array) -> Int32Array:
    """`channels` of a layer with one scale, in the general form where some need it.

    That takes 12 to 20 instructions more an output, and saves 8 bytes of flash.
    """
    pairs = {quantize_multiplier(real) for real in channel_multipliers(context)}
    if len(pairs) > 1 or (channels[:, 1:] == channels[0, 1:]).all():
        return channels
    ((multiplier, shift),) = pairs
    return records.words(
        records.make(
            records.ANY_CHANNEL,
            len(channels),
            bias=channels[:, 0],
            multiplier=np.full(len(channels), multiplier),
            shift=np.full(len(channels), _GENERAL + shift),
        )
    )


def conv_2d(context: OperatorContext) -> KernelCall | None:
    """CONV_2D of any kind."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    filters = weights.array.reshape(weights.shape[0], -1)
    channels = None if source.is_constant else _channels(context, filters)
    if channels is None:
        return None
    groups = source.shape[3] // weights.shape[3]
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    values = filters.shape[1]
    steps = -(-values // STEP)
    # The last filter's last step reads so many bytes behind it.
    packed = np.pad(filters.reshape(-1), (0, -values % STEP))
    parameters = (
        *sliding_window(source, target, vertical, horizontal),
        ("input_zero_point", quantization_of(source).zero_point),
        ("output_zero_point", quantization_of(target).zero_point),
        ("groups", groups),
    )
    call = context.call(
        "conv_2d_any_dsp",
        (
            ParametersArgument("qmcu_conv_2d_any_dsp_params", parameters),
            context.operand(source),
            context.constant("weights", packed, "weights"),
            context.constant("channels", channels, "requantization"),
            ScratchArgument(16 * steps),
            context.operand(target),
        ),
        macs=target.elements * values,
    )
    if groups > 1:  # all of the input is read for each
        return call
    return behind_windows(call, source, target, (vertical, horizontal), 2)


def depthwise_conv_2d(context: OperatorContext) -> KernelCall | None:
    """DEPTHWISE_CONV_2D of any kind."""
    return _depthwise(context, "depthwise_any_dsp", pack_taps)


def depthwise_even(context: OperatorContext) -> KernelCall | None:
    """The same of an even depth multiplier: rows in scratch as they are, weights as bytes."""
    multiplier = context.output().shape[3] // context.input(0).shape[3]
    if multiplier % 2:
        return None
    return _depthwise(context, "depthwise_even_dsp", pack_taps_as_bytes, kept=multiplier)


def depthwise_by_bytes(least: float) -> Lowering:
    """DEPTHWISE_CONV_2D of any kind, weights as bytes.

    Where halfwords save less than `least` instructions a byte of flash.
    """

    def lower(context: OperatorContext) -> KernelCall | None:
        call, wide = (
            _depthwise(context, f"depthwise_any{name}_dsp", pack)
            for name, pack in (("_bytes", pack_taps_as_bytes), ("", pack_taps))
        )
        if call is None or wide is None:
            return None
        taps = call.macs // context.output().elements
        slower = TWO_TAPS * -(-taps // 2) * context.output().elements // 4
        saved = wide.constant_size - call.constant_size
        if slower >= least * saved:
            return None
        text = trade(saved, "less", slower, "more") if least > BALANCED else ""
        return replace(call, trade=text)

    return lower


def pack_taps_as_bytes(filters: Int8Array) -> Int8Array:
    """int8 [channels, taps] to [channels / 4, pairs of taps, 2, 2, 2], an odd tap with zero.

    Of a pair of taps: channels 0 and 1 of the first and of the second, then channels 2 and 3.
    """
    pairs = pack_taps(filters).astype(np.int8)
    # Quad, pair of taps, pair of channels, tap, channel.
    return np.ascontiguousarray(pairs.reshape(*pairs.shape[:2], 2, 2, 2).transpose(0, 1, 2, 4, 3))


def _depthwise(
    context: OperatorContext,
    kernel: str,
    pack: Callable[[Int8Array], npt.NDArray[Any]],
    kept: int = 1,
) -> KernelCall | None:
    """The call of a `kernel`; of `kept` output channels a row in scratch has one."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    depth = target.shape[3]
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    taps = vertical.kernel * horizontal.kernel
    filters = np.ascontiguousarray(weights.array.reshape(taps, depth).T)
    channels = None if source.is_constant else _channels(context, filters)
    if channels is None:
        return None
    row_width = (target.shape[2] - 1) * horizontal.stride
    row_width += (horizontal.kernel - 1) * horizontal.dilation + 1
    row_bytes = row_width * depth // kept + 3
    rows = (vertical.kernel - 1) * vertical.dilation + 1
    multiplier = depth // source.shape[3]
    parameters = (
        *(
            (f"window.{name.rpartition('.')[2]}", value)
            for name, value in sliding_window(source, target, vertical, horizontal, multiplier)
        ),
        ("row_width", row_width),
        ("row_bytes", row_bytes),
        ("rows", rows),
        ("input_zero_point", quantization_of(source).zero_point),
        ("output_zero_point", quantization_of(target).zero_point),
    )
    same = source.shape == target.shape and (vertical.stride, horizontal.stride) == (1, 1)
    call = context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            context.operand(source),
            context.constant(
                "weights", pack(np.pad(filters, ((0, -depth % 4), (0, 0)))), "weights"
            ),
            context.constant("channels", channels, "requantization"),
            ScratchArgument(4 * (taps + taps % 2) + rows * row_bytes),
            context.operand(target),
        ),
        macs=target.elements * taps,
        may_overlay=((source.index, target.index),) if same and source.shape[0] == 1 else (),
    )
    return behind_rows(call, source, target, vertical)


def fully_connected_single(context: OperatorContext) -> KernelCall | None:
    """FULLY_CONNECTED of one output or two, which would be a part of four."""
    outputs = context.input(1).shape[0]
    call = fully_connected(context) if outputs <= SINGLES else None
    if call is None or outputs == 1:
        return call
    name = "fully_connected_two_dsp"
    parameters = call.arguments[0]
    assert isinstance(parameters, ParametersArgument)
    own = ParametersArgument(f"qmcu_{name}_params", parameters.fields)
    return replace(call, kernel=name, arguments=(own, *call.arguments[1:]))


def fully_connected(context: OperatorContext) -> KernelCall | None:
    """FULLY_CONNECTED of any batch."""
    return _fully_connected(context, wide=False)


def fully_connected_single_wide(context: OperatorContext) -> KernelCall | None:
    """As `fully_connected_single`, weights as halfwords: a fifth less instructions."""
    return fully_connected_wide(context) if context.input(1).shape[0] <= SINGLES else None


def fully_connected_wide(context: OperatorContext) -> KernelCall | None:
    """As `fully_connected`; one or two outputs that are no four have their weights as halfwords."""
    call, other = _fully_connected(context, wide=True), fully_connected(context)
    if call is None or other is None or call.kernel == other.kernel:
        return call
    flash = call.constant_size - other.constant_size
    return replace(
        call,
        trade=f"weights as halfwords: {flash:,} bytes more flash for about "
        f"{round(_WIDE_SAVES * flash):,} instructions less (estimated)",
    )


def fully_connected_unfilled(context: OperatorContext) -> KernelCall | None:
    """As `fully_connected`, outputs in fours not filled up to words."""
    outputs, inputs = context.input(1).shape
    if outputs < 4 or inputs % STEP == 0:
        return None
    return _fully_connected(context, wide=False, filled=False)


def _fully_connected(
    context: OperatorContext, *, wide: bool, filled: bool = True
) -> KernelCall | None:
    source, target, weights = context.input(0), context.output(), context.input(1)
    outputs, inputs = weights.shape
    fours = outputs - outputs % 4
    channels = None if source.is_constant else _channels(context, weights.array)
    if channels is None:
        return None
    batches = source.elements // inputs
    if batches <= _FEW_BATCHES:
        channels = _of_one_scale(context, channels)
    shared = _biases_and_scale(channels, outputs)
    parameters = (
        ("batches", batches),
        ("input_depth", inputs),
        ("output_depth", outputs),
        ("output_zero_point", quantization_of(target).zero_point),
        ("bias_step", (3 if shared is None else 1) + (0 if filled else 4 * (inputs % STEP))),
    )
    wide &= fours < outputs
    kernel = f"fully_connected_any{'_wide' if wide else ''}_dsp"
    packed = pack_with_singles(weights.array, fours, wide=wide, filled=filled)
    own = channels if shared is None else shared
    call = context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            context.operand(source),
            context.constant("weights", packed, "weights"),
            context.constant("channels", own, "requantization"),
            context.operand(target),
        ),
        macs=target.elements * inputs,
    )
    return replace(call, overread=-inputs % STEP)
