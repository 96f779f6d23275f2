"""Output channels that give one value whatever their input, written so that they cost nothing.

Training leaves such channels: weights of zero, or a scale so small that every sum saturates. Their
multiplier, shift or range of sums is beyond what the fast kernels take, so one of them would send
the whole layer to a slow one. They become weights of zero and a bias that gives the value.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.products_s16 import EXACT_SHIFTS, is_wide
from qmcu.compile.operators.weights import channel_multipliers, quantization_of
from qmcu.compile.requantize import (
    activation_range,
    quantize_multiplier,
    reduce_multiplier,
    requantize,
)
from qmcu.model.graph import Graph, Operator, Quantization, Tensor

Int64Array = npt.NDArray[np.int64]

# The axis of the weights along which their output channels lie.
_CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}
_LARGEST_SHIFT = 20  # to the right, what every fast kernel takes
_LARGEST_SUM = 1 << 23  # what leaves room for two filters in a word
_REAL = 0.25  # the new multiplier: 2^30 and a shift of -1, so that bias 4 n gives n
_VALUES = {"int8": (-128, 127), "int16": (-(1 << 15), (1 << 15) - 1)}  # of an input


def settle_dead_channels(graph: Graph) -> Graph:
    """The graph with the dead channels that no fast kernel takes written anew.

    Every output byte stays what it was. A graph without such channels is returned as it is. Every
    operator must have been checked.
    """
    tensors, operators = list(graph.tensors), list(graph.operators)
    for position, operator in enumerate(operators):
        context = OperatorContext(graph, operator)
        if operator.kind not in _CHANNEL_AXIS or not _has_channel_scales(context):
            continue
        dead, values = _dead_channels(context)
        if dead.any():
            operators[position] = _settle(context, dead, values, tensors)
    if len(tensors) == len(graph.tensors):
        return graph
    return replace(graph, tensors=tuple(tensors), operators=tuple(operators))


def _source(context: OperatorContext) -> int:
    """Where the input is among the operands; the bias is the one behind it and the weights."""
    return 2 if context.operator.kind == "TRANSPOSE_CONV" else 0


def _bias(context: OperatorContext) -> int:
    return max(_source(context) + 1, 2)


def _has_channel_scales(context: OperatorContext) -> bool:
    """Whether it is a layer whose channels are looked at: of int8, or of int16 and sums of 64 bits.

    Kernels of a TRANSPOSE_CONV of int8 take any channel.
    """
    weights, dtype = context.input(1), context.input(_source(context)).dtype
    if dtype == "int16" and not is_wide(context, _bias(context)):
        return False
    if dtype not in _VALUES or (dtype == "int8" and context.operator.kind == "TRANSPOSE_CONV"):
        return False
    channels = weights.shape[_CHANNEL_AXIS[context.operator.kind]]
    scales = quantization_of(weights).scales
    return weights.is_constant and weights.dtype == "int8" and len(scales) == channels > 1


def _dead_channels(context: OperatorContext) -> tuple[npt.NDArray[np.bool_], Int64Array]:
    """Which channels to write anew, and the value of each, less the output's zero point.

    Requantization never decreases with the sum, so that a channel whose least and largest sum give
    the same value gives it for all between; both must keep to int32, left shift included.
    """
    source = context.input(_source(context))
    lowest, highest, largest = _sums(context)
    pairs = [quantize_multiplier(real) for real in channel_multipliers(context, _source(context))]
    multipliers, shifts = np.array(pairs, np.int64).T
    target = quantization_of(context.output())
    activation = context.text("fused_activation_function", "NONE")
    low, high = activation_range(activation, target.scale, target.zero_point, source.dtype)
    offset = target.zero_point
    if source.dtype == "int16":
        first, last = (_wide(sums, multipliers, shifts) for sums in (lowest, highest))
        room = np.full(len(pairs), 1 << 31)
        fits = (np.abs(first) < room) & (np.abs(last) < room)
        easy = np.isin(15 - shifts, EXACT_SHIFTS) | (multipliers == 0)
        easy &= largest < 1 << 31
    else:
        first, last = (requantize(sums, multipliers, shifts) for sums in (lowest, highest))
        room = np.int64(1) << (31 - np.maximum(shifts, 0))
        fits = (lowest >= -room) & (highest < room)
        easy = (multipliers > 0) & (shifts <= -1) & (shifts >= -_LARGEST_SHIFT)
        easy &= largest < _LARGEST_SUM
    first, last = (np.clip(values + offset, low, high) for values in (first, last))
    return (first == last) & fits & ~easy, first - offset


def _wide(sums: Int64Array, multipliers: Int64Array, shifts: Int64Array) -> Int64Array:
    """Sums below 2^47, rounded once, as by `qmcu_requantize_s64`."""
    reduced = np.array([reduce_multiplier(int(m)) for m in multipliers], np.int64)
    right = 15 - shifts
    return (sums * reduced + (np.int64(1) << (right - 1))) >> right


def _sums(context: OperatorContext) -> tuple[Int64Array, Int64Array, Int64Array]:
    """The least and largest sum of each channel, and what no partial sum exceeds.

    A tap outside the image counts as the zero point, which is a value of the input's type as well,
    and one that an output does not see as 0 of int16.
    """
    weights, source = context.input(1), context.input(_source(context))
    axis = _CHANNEL_AXIS[context.operator.kind]
    least, most = _VALUES[source.dtype]
    flat = np.moveaxis(weights.array, axis, 0).reshape(weights.shape[axis], -1).astype(np.int64)
    bias = _biases(context, len(flat))
    bias -= quantization_of(source).zero_point * flat.sum(axis=1)
    lowest = np.minimum(most * flat, least * flat).sum(axis=1) + bias
    highest = np.maximum(most * flat, least * flat).sum(axis=1) + bias
    return lowest, highest, -least * np.abs(flat).sum(axis=1) + np.abs(bias)


def _biases(context: OperatorContext, channels: int) -> Int64Array:
    """The bias of each channel; zeros where there is none."""
    tensor = context.optional_input(_bias(context))
    if tensor is None:
        return np.zeros(channels, np.int64)
    values: Int64Array = tensor.array.reshape(channels).astype(np.int64)
    return values


def _settle(
    context: OperatorContext,
    dead: npt.NDArray[np.bool_],
    values: Int64Array,
    tensors: list[Tensor],
) -> Operator:
    """The operator with weights and bias of its own, which are added to `tensors`."""
    operator, weights = context.operator, context.input(1)
    axis = _CHANNEL_AXIS[operator.kind]
    settled = np.moveaxis(weights.array.copy(), axis, 0)
    settled[dead] = 0
    source = context.input(_source(context))
    bias = _biases(context, len(dead))
    bias[dead] = 4 * values[dead]
    ratio = quantization_of(context.output()).scale / quantization_of(source).scale
    old = quantization_of(weights)
    scales = [_REAL * ratio if gone else s for gone, s in zip(dead, old.scales, strict=True)]
    new = replace(
        weights,
        index=len(tensors),
        quantization=Quantization(tuple(scales), (0,) * len(scales), axis),
        data=np.moveaxis(settled, 0, axis).tobytes(),
    )
    name, index = f"{weights.name}_bias", len(tensors) + 1
    dtype = "int64" if source.dtype == "int16" else "int32"
    added = Tensor(index, name, bias.shape, dtype, data=bias.astype(dtype).tobytes())
    tensors += [new, added]
    inputs = [*operator.inputs, -1][: max(len(operator.inputs), _bias(context) + 1)]
    inputs[1], inputs[_bias(context)] = new.index, added.index
    return replace(operator, inputs=tuple(inputs))
