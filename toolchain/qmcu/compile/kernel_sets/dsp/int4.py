"""int4 weights for the DSP extension: four filters in a halfword, in half the flash of bytes."""

from dataclasses import replace

import numpy as np

from qmcu.compile.kernel_sets import records
from qmcu.compile.kernel_sets.dsp.filters import (
    GROUP,
    Filters,
    Int16Array,
    Int32Array,
    Int64Array,
    fill,
    filters_of,
    quad_requantization,
    wrapped,
)
from qmcu.compile.kernel_sets.dsp.layers import call_depthwise_3x3, taps_3x3
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.weights import (
    channel_multipliers,
    folded_bias,
    quantization_of,
)
from qmcu.compile.plan import KernelCall, ParametersArgument
from qmcu.compile.requantize import activation_range, quantize_multiplier

# The order in which the kernels take the 8 values of a step, as pairs of halfwords: columns as
# multiply_int4 reads them (the first pair last), bytes as fully_connected_int4 does.
COLUMNS = (1, 3, 4, 6, 5, 7, 0, 2)
BYTES = (0, 2, 1, 3, 4, 6, 5, 7)
_DIGITS = np.array([1, 16, 256, 4096], np.int64)
# All but the highest digit are stored plus 8; 8 times the sum of the values comes off again.
_OFFSETS = np.array([8, 8, 8, 0], np.int64)
# Bits that are left for the magnitudes of the four sums.
_BITS = np.array([30, 27, 23, 19], np.int64)
_LARGEST_SUM = 1 << 30
_LARGEST_SHIFT = 21


def sums_fit(weights: Int64Array, bias: Int64Array) -> bool:
    """Whether each sum over int8 inputs keeps to the bits that its place in the halfword leaves.

    `weights` is [count, values]. Sums are mod 2^32: only what they end with counts.
    """
    highest = np.maximum(127 * weights, -128 * weights).sum(axis=1) + bias
    lowest = np.minimum(127 * weights, -128 * weights).sum(axis=1) + bias
    place = np.arange(len(weights)) % 4
    inputs = 128 * _OFFSETS[place] * weights.shape[1]
    largest = np.maximum(highest, -lowest) + inputs
    return bool((largest < np.int64(1) << _BITS[place]).all())


def pack_joint(weights: Int64Array, order: tuple[int, ...]) -> Int16Array:
    """[count, values], both filled up, to int16 [quads, 2 * steps, 4] with the digits joined."""
    digits = weights.reshape(-1, 4, weights.shape[1]) + _OFFSETS[:, None]
    joint = (digits * _DIGITS[:, None]).sum(axis=1)
    steps = joint.reshape(len(joint), -1, GROUP)[:, :, list(order)]
    return np.ascontiguousarray(steps.reshape(len(joint), -1, 4).astype(np.int16))


def first_sums(bias: Int64Array) -> list[Int64Array]:
    """What the four joint sums of each quad start with, [quads] each."""
    return list(np.cumsum(bias.reshape(-1, 4) * _DIGITS, axis=1).T)


def pack_int4_columns(filters: Filters) -> tuple[Int16Array, Int32Array] | None:
    """For multiply_int4: weights int16 [quads, 2 * steps, 4], constants int32 [quads, 16]."""
    weights = fill(filters.flat, GROUP)
    if not sums_fit(weights, filters.bias):
        return None
    bias, multipliers, _, shifts = filters.padded(4)
    roundings = (np.int64(1) << shifts) + (np.int64(filters.zero_point) << (shifts + 1))
    quads = records.make(
        records.INT4_QUAD,
        len(bias) // 4,
        sums=np.stack(first_sums(bias), axis=1),
        requantization=quad_requantization(multipliers, roundings, shifts + 1),
    )
    return pack_joint(fill(weights, 4, axis=0), COLUMNS), records.words(quads)


def fully_connected(context: OperatorContext) -> KernelCall | None:
    """FULLY_CONNECTED with any multiplier; more than one batch with an input depth in fours."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    outputs, inputs = weights.shape
    batches = source.elements // inputs
    result = quantization_of(target)
    activation = context.text("fused_activation_function", "NONE")
    limits = activation_range(activation, result.scale, result.zero_point)
    if source.is_constant or (batches > 1 and inputs % 4) or limits != (-128, 127):
        return None
    (real,) = channel_multipliers(context)
    multiplier, shift = quantize_multiplier(real)
    left, right = max(shift, 0), max(-shift, 0)
    flat = weights.array.astype(np.int64)
    bias = folded_bias(
        context.optional_input(2), weights.array, quantization_of(source).zero_point
    ).astype(np.int64)
    largest = int((128 * np.abs(flat).sum(axis=1) + np.abs(bias)).max())
    if not sums_fit(fill(flat, GROUP), bias) or right > _LARGEST_SHIFT:
        return None
    if largest << left >= _LARGEST_SUM:
        return None
    packed = pack_joint(fill(fill(flat, GROUP), 4, axis=0), BYTES)
    # What is read beyond the input meets zeros: it may be output, which changes meanwhile.
    order = np.array([GROUP * step + i for step in range(packed.shape[1] // 2) for i in BYTES])
    packed.reshape(len(packed), -1)[:, order >= inputs] = 0
    parameters = (
        ("batches", batches),
        ("input_depth", inputs),
        ("output_depth", outputs),
        ("steps", packed.shape[1] // 2),
        ("multiplier", multiplier),
        ("left_shift", left),
        ("rounding", (1 << right) + (result.zero_point << (right + 1))),
        ("shift", right + 1),
    )
    call = context.call(
        "fully_connected_int4_dsp",
        (
            ParametersArgument("qmcu_fully_connected_int4_dsp_params", parameters),
            context.operand(source),
            context.constant("weights", packed, "weights"),
            context.constant("sums", wrapped(first_sums(fill(bias, 4))), "bias"),
            context.operand(target),
        ),
        macs=target.elements * inputs,
    )
    return replace(call, overread=-inputs % GROUP)


def depthwise_3x3(context: OperatorContext) -> KernelCall | None:
    """DEPTHWISE_CONV_2D 3x3 as for int8, unpacked four channels at a time."""
    taps = taps_3x3(context)
    filters = None if taps is None else filters_of(context, taps)
    if filters is None or filters.largest_sum >= _LARGEST_SUM:
        return None
    return call_depthwise_3x3(context, "depthwise_3x3_int4_dsp", pack_channels(filters))


def pack_channels(filters: Filters) -> Int32Array:
    """For depthwise_3x3_int4, int32 [channels, 4]: eight weights; the ninth in the lowest nibble,
    shift and output zero point in bytes 1 and 2; bias; multiplier."""
    nibbles = filters.flat & 15
    eight = (nibbles[:, :8] << np.arange(0, 32, 4)).sum(axis=1)
    rest = nibbles[:, 8] | (filters.shifts << 8) | ((filters.zero_point & 0xFF) << 16)
    return wrapped((eight, rest, filters.bias, filters.multipliers))
