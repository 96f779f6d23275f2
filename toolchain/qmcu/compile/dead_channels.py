"""Output channels that give one byte whatever their input, written so that they cost nothing extra.

Training leaves such channels: weights of zero, or a scale so small that every sum saturates. Their
multiplier, shift or range of sums is beyond what the fast kernels take, so one of them would send
the whole layer to a slow one. They become weights of zero and a bias that gives the byte.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.weights import bias_values, channel_multipliers, quantization_of
from qmcu.compile.requantize import activation_range, quantize_multiplier, requantize
from qmcu.model.graph import Graph, Operator, Quantization, Tensor

Int64Array = npt.NDArray[np.int64]

# The axis of the weights along which their output channels lie.
_CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
_LARGEST_SHIFT = 20  # to the right, what every fast kernel takes
_LARGEST_SUM = 1 << 23  # what leaves room for two filters in a word
_REAL = 0.25  # the new multiplier: 2^30 and a shift of -1, so that bias 4 n gives n


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


def _has_channel_scales(context: OperatorContext) -> bool:
    weights = context.input(1)
    if context.input(0).dtype != "int8":
        return False
    channels = weights.shape[_CHANNEL_AXIS[context.operator.kind]]
    scales = quantization_of(weights).scales
    return weights.is_constant and weights.dtype == "int8" and len(scales) == channels > 1


def _dead_channels(context: OperatorContext) -> tuple[npt.NDArray[np.bool_], Int64Array]:
    """Which channels to write anew, and the value of each, less the output's zero point.

    Requantization never decreases with the sum, so that a channel whose least and largest sum give
    the same byte gives it for all between; both must keep to int32, left shift included.
    """
    lowest, highest, largest = _sums(context)
    pairs = [quantize_multiplier(real) for real in channel_multipliers(context)]
    multipliers, shifts = np.array(pairs, np.int64).T
    target = quantization_of(context.output())
    activation = context.text("fused_activation_function", "NONE")
    low, high = activation_range(activation, target.scale, target.zero_point)
    offset = target.zero_point
    room = np.int64(1) << (31 - np.maximum(shifts, 0))
    first, last = (
        np.clip(requantize(sums, multipliers, shifts) + offset, low, high)
        for sums in (lowest, highest)
    )
    easy = (multipliers > 0) & (shifts <= -1) & (shifts >= -_LARGEST_SHIFT)
    easy &= largest < _LARGEST_SUM
    same = (first == last) & (lowest >= -room) & (highest < room)
    return same & ~easy, first - offset


def _sums(context: OperatorContext) -> tuple[Int64Array, Int64Array, Int64Array]:
    """The least and largest sum of each channel, and what no partial sum exceeds.

    A tap outside the image counts as the zero point, which is an int8 value as well.
    """
    weights = context.input(1)
    axis = _CHANNEL_AXIS[context.operator.kind]
    flat = np.moveaxis(weights.array, axis, 0).reshape(weights.shape[axis], -1).astype(np.int64)
    bias = bias_values(context.optional_input(2), len(flat)).astype(np.int64)
    bias -= quantization_of(context.input(0)).zero_point * flat.sum(axis=1)
    lowest = np.minimum(127 * flat, -128 * flat).sum(axis=1) + bias
    highest = np.maximum(127 * flat, -128 * flat).sum(axis=1) + bias
    return lowest, highest, 128 * np.abs(flat).sum(axis=1) + np.abs(bias)


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
    bias = bias_values(context.optional_input(2), len(dead)).copy()
    bias[dead] = 4 * values[dead]
    ratio = quantization_of(context.output()).scale / quantization_of(context.input(0)).scale
    old = quantization_of(weights)
    scales = [_REAL * ratio if gone else s for gone, s in zip(dead, old.scales, strict=True)]
    new = replace(
        weights,
        index=len(tensors),
        quantization=Quantization(tuple(scales), (0,) * len(scales), axis),
        data=np.moveaxis(settled, 0, axis).tobytes(),
    )
    name, index = f"{weights.name}_bias", len(tensors) + 1
    added = Tensor(index, name, bias.shape, "int32", data=bias.tobytes())
    tensors += [new, added]
    rest = operator.inputs[3:]
    return replace(operator, inputs=(operator.inputs[0], new.index, added.index, *rest))
