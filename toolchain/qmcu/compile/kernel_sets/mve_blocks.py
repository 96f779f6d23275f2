"""DEPTHWISE_CONV_2D for MVE, 16 channels side by side: windows of few taps, and small images."""

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets.mve_depthwise import (
    Layer,
    groups_of,
    layer_of,
    planes_cost,
    taps_cost,
)
from qmcu.compile.kernel_sets.mve_packing import LANES, Int8Array, Int32Array
from qmcu.compile.kernel_sets.mve_requantization import output_fields
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument

_LARGEST_PAIR = 255  # weights of two taps, for products of both in halfwords
# In which channels of 16 the four vectors of sums are.
_ORDER = [0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15]
_LEAST_SHARE = 0.75  # of the lanes that have a channel
_SMALL_SCRATCH = 4096
_CLEARLY = 0.95  # of the other kernel's instructions
# Instructions that a layer must save where its network has the kernel for 3x3 windows anyhow: this
# one is 1.4 KB of code.
_PAID = 10_000


def lower_blocks(context: OperatorContext) -> KernelCall | None:
    """DEPTHWISE_CONV_2D without a depth multiplier, where it is faster than the other kernels."""
    layer = layer_of(context)
    if layer is None or not _fits(layer) or not _pays(layer):
        return None
    return _blocks(context, layer)


def lower_blocks_alone(context: OperatorContext) -> KernelCall | None:
    """The same even where that is slower: weights of whole blocks are not filled up."""
    layer = layer_of(context)
    return _blocks(context, layer) if layer is not None and _fits(layer) else None


def _blocks(context: OperatorContext, layer: Layer) -> KernelCall:
    source, target = layer.source, layer.target
    parameters = (
        *layer.window,
        ("span", _span(layer)),
        ("plane_width", layer.plane[1]),
        ("input_zero_point", quantization_of(source).zero_point),
        *output_fields(context),
    )
    return context.call(
        "depthwise_conv_2d_mve_blocks",
        (
            ParametersArgument("qmcu_depthwise_conv_2d_mve_blocks_params", parameters),
            context.operand(source),
            context.constant("weights", pack_blocks(layer.filters), "weights"),
            context.constant("channels", pack_channels(layer), "requantization"),
            ScratchArgument(_scratch(layer)),
            context.operand(target),
        ),
        macs=target.elements * layer.taps,
        may_overlay=((source.index, target.index),) if _over_input(layer) else (),
    )


def _pays(layer: Layer) -> bool:
    cost, other = _cost(layer), _other_cost(layer)
    return cost <= _CLEARLY * other and (not _is_3x3(layer) or other - cost >= _PAID)


def _is_3x3(layer: Layer) -> bool:
    return all(a.kernel == 3 for a in (layer.vertical, layer.horizontal))


def _span(layer: Layer) -> int:
    return (layer.vertical.kernel - 1) * layer.vertical.dilation + 1


def _over_input(layer: Layer) -> bool:
    """Whether outputs replace only pixels whose rows were copied, of their own channels."""
    batches, height, width, _ = layer.source.shape
    vertical, row = layer.vertical, layer.target.shape[2]
    read = [i * vertical.stride - vertical.padding + _span(layer) for i in range(vertical.output)]
    return batches == 1 and all(
        (i + 1) * row <= min(rows, height) * width for i, rows in enumerate(read)
    )


def _scratch(layer: Layer) -> int:
    return LANES * _span(layer) * layer.plane[1] + 4 * layer.taps


def _fits(layer: Layer) -> bool:
    depth = layer.source.shape[3]
    limit = max(_SMALL_SCRATCH, (layer.source.elements + layer.target.elements) // 8)
    return (
        layer.target.shape[3] == depth
        and depth >= _LEAST_SHARE * LANES * -(-depth // LANES)
        and _scratch(layer) <= limit
        and all(shift <= -1 for _, shift in layer.pairs)
        and largest_pair(layer.filters) <= _LARGEST_PAIR
    )


def largest_pair(filters: Int8Array) -> int:
    """The largest |w0| + |w1| of each two taps of [channels, taps]."""
    sizes = np.abs(filters.astype(np.int64))
    sizes = np.pad(sizes, ((0, 0), (0, sizes.shape[1] % 2)))
    return int(sizes.reshape(len(sizes), -1, 2).sum(axis=2).max())


def pack_blocks(filters: Int8Array) -> Int8Array:
    """int8 [channels, taps] to [blocks, taps, 16], filled up with zeros."""
    padded = np.pad(filters, ((0, -len(filters) % LANES), (0, 0)))
    blocks = padded.reshape(-1, LANES, filters.shape[1]).transpose(0, 2, 1)
    return np.ascontiguousarray(blocks)


def pack_channels(layer: Layer) -> Int32Array:
    """int32 [blocks, 3, 16] of biases, multipliers and shifts in the order of the sums."""
    rows: npt.NDArray[np.int32] = np.column_stack([layer.bias, np.array(layer.pairs, np.int32)])
    padded = np.pad(rows, ((0, -len(rows) % LANES), (0, 0)))
    blocks = padded.reshape(-1, LANES, 3)[:, _ORDER].transpose(0, 2, 1)
    return np.ascontiguousarray(blocks.astype(np.int32))


def _cost(layer: Layer) -> float:
    """Instructions, about: rows are copied, then multiplied a pixel of 16 channels at a time."""
    _, height, width, depth = layer.target.shape
    pixel = 23 * (layer.taps // 2) + 15 * (layer.taps % 2) + 49
    row = 70 + 6 * layer.taps
    copied = min(layer.source.shape[1], layer.plane[0]) * (60 + 5 * layer.source.shape[2])
    return -(-depth // LANES) * (60 + copied + height * (row + width * pixel))


def _other_cost(layer: Layer) -> float:
    """The same of the kernel that takes the layer otherwise, fitted to counted layers."""
    _, height, width, depth = layer.target.shape
    stride = layer.vertical.stride
    axes = layer.vertical, layer.horizontal
    if all((a.kernel, a.dilation, a.stride) == (3, 1, stride) for a in axes) and stride <= 2:
        if stride == 2:
            return depth * height * (34 * -(-width // 4) + 28)
        if min(height, width) >= 2:
            return depth * (40 + -(-height // 2) * (20 + 19 * -(-width // 2)))
    planes = planes_cost(layer, groups_of(layer.offsets(layer.plane[1], 1))) + 130
    if layer.in_place:
        return depth * planes
    return depth * min(planes, taps_cost(layer))
