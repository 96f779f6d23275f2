"""Depthwise convolutions with weights as bytes, for few instructions more in half of the flash."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets import records
from qmcu.compile.kernel_sets.dsp.filters import Filters, Int32Array, filters_of
from qmcu.compile.kernel_sets.dsp.general import fill_up, lower_depthwise_conv_2d
from qmcu.compile.kernel_sets.dsp.layers import call_depthwise_3x3, depthwise_3x3, taps_3x3
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import ConstantArgument, KernelCall, ParametersArgument

# Instructions of a channel whose constants are unpacked, and of two taps of four channels.
_UNPACKED = 45
TWO_TAPS = 2
_LARGEST_SUM = 1 << 30


def packed_3x3(context: OperatorContext) -> KernelCall | None:
    """DEPTHWISE_CONV_2D 3x3 of half the constants, unpacked once an inference."""
    taps = taps_3x3(context)
    filters = None if taps is None else filters_of(context, taps)
    if filters is None or filters.largest_sum >= _LARGEST_SUM:
        return None
    return call_depthwise_3x3(context, "depthwise_3x3_packed_dsp", pack_columns(filters))


def pack_columns(filters: Filters) -> Int32Array:
    """For depthwise_3x3_packed, int32 [channels, 5]; `filters.weights` is [channels, 3, 3]."""
    rows = filters.weights & 0xFF
    columns = rows[:, 0] | rows[:, 1] << 8 | rows[:, 2] << 16
    columns[:, 0] |= filters.shifts << 24
    columns[:, 1] |= np.int64(filters.zero_point & 0xFF) << 24
    channels = records.make(
        records.DEPTHWISE_PACKED,
        len(columns),
        columns=columns,
        bias=filters.bias,
        multiplier=filters.multipliers,
    )
    return records.words(channels)


def unpacked_3x3(context: OperatorContext) -> KernelCall | None:
    """The same with constants as the kernel takes them, and what that costs."""
    call, other = depthwise_3x3(context), packed_3x3(context)
    if call is None or other is None:
        return call
    flash, saved = call.constant_size - other.constant_size, _UNPACKED * context.input(0).shape[3]
    return replace(call, trade=trade(flash, "more", saved, "less"))


def by_bytes(least: float) -> Lowering:
    """DEPTHWISE_CONV_2D as `lower_depthwise_conv_2d`, weights as bytes.

    Where halfwords save less than `least` instructions a byte of flash.
    """

    def lower(context: OperatorContext) -> KernelCall | None:
        call = lower_depthwise_conv_2d(context)
        return None if call is None else _by_bytes(context, call, least)

    return lower


def _by_bytes(context: OperatorContext, call: KernelCall, least: float) -> KernelCall | None:
    parameters, source, _, channels, *others = call.arguments
    assert isinstance(parameters, ParametersArgument) and isinstance(channels, ConstantArgument)
    assert channels.constant is not None
    weights, target = context.input(1), context.output()
    taps = fill_up(np.ascontiguousarray(weights.array.reshape(-1, target.shape[3]).T))
    scales = np.frombuffer(channels.constant.data, "<i4").reshape(-1, 4)
    packed = pack_bytes(taps, scales)
    pairs = -(-taps.shape[1] // 2)
    slower = TWO_TAPS * pairs * target.elements // 4
    saved = call.constant_size - packed.nbytes
    if slower >= least * saved:
        return None
    rounding = 2 * quantization_of(target).zero_point + 1
    fields = (*((f"shape.{n}", v) for n, v in parameters.fields), ("rounding", rounding))
    arguments = (
        ParametersArgument("qmcu_depthwise_bytes_dsp_params", fields),
        source,
        context.constant("filters", packed, "weights"),
        *others,
    )
    text = trade(saved, "less", slower, "more") if least > BALANCED else ""
    return replace(call, kernel="depthwise_bytes_dsp", arguments=arguments, trade=text)


# What halfwords must save by default, in instructions a byte.
BALANCED = 10.0


def trade(flash: int, way: str, instructions: int, other: str) -> str:
    """What a form's weights take and bring, for people."""
    return (
        f"taps as {'halfwords' if way == 'more' else 'bytes'}: {flash:,} bytes {way} flash for "
        f"about {instructions:,} instructions {other} (estimated)"
    )


def pack_bytes(taps: npt.NDArray[np.int8], scales: Int32Array) -> Int32Array:
    """int8 [channels, taps] and qmcu_channel [channels, 4] to int32 [quads, words].

    Of four channels their biases; of each two taps bytes of channels 0 and 1 of the first and of
    the second, then of channels 2 and 3; their multipliers; shifts less one as bytes.
    """
    channels, count = taps.shape
    filled = np.pad(taps, ((0, 0), (0, count % 2))).reshape(channels // 4, 2, 2, -1, 2)
    # Quad, pair of channels, channel, pair of taps and tap: the channel last.
    lines = np.ascontiguousarray(filled.transpose(0, 3, 1, 4, 2)).astype(np.int8)
    words = lines.reshape(channels // 4, -1).view("<i4")
    quads = scales.reshape(-1, 4, 4)
    shifts = np.ascontiguousarray((quads[:, :, 3] - 1).astype(np.int8)).view("<i4")
    parts = (quads[:, :, 0], words, quads[:, :, 1], shifts)
    return np.ascontiguousarray(np.concatenate(parts, axis=1).astype(np.int32))
