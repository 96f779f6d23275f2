"""DEPTHWISE_CONV_2D for MVE: three kernels, and which of them takes a layer; see `mve_blocks` too.

`depthwise_conv_2d_mve_3x3` is the fastest where it fits. `depthwise_conv_2d_mve` lays out a channel
at a time, which pays where each has many outputs; `depthwise_conv_2d_mve_taps` reads windows where
they are. Both take any multiplier.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets.mve_packing import LANES, Int8Array, by_fours, pack_records, pack_taps
from qmcu.compile.kernel_sets.mve_requantization import (
    channel_pairs,
    channel_records,
    output_fields,
    output_limits,
)
from qmcu.compile.kernel_sets.trailing import behind_windows
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.weights import channel_multipliers, folded_bias, quantization_of
from qmcu.compile.operators.window import Axis, Fields, axes, sliding_window
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument
from qmcu.model.graph import Tensor

_GROUP = 24  # bytes of a group of taps in scratch
_SUMS = 64  # pixels whose sums depthwise_conv_2d_mve keeps at a time, more if a row is longer
_A_LITTLE = 1.5  # times the instructions
_LARGEST_SPAN = 255  # VLDRB gathers bytes with offsets of one byte
_LARGEST_DEPTH = 8192  # and fills a plane with offsets of two bytes
_LARGEST_OFFSET = (1 << 16) - 1  # as it gathers taps
_STEP = 8  # taps that depthwise_conv_2d_mve_taps takes at once
_FEW_CHANNELS = 4  # of depthwise_conv_2d_mve_3x3, for a quarter of the scratch


@dataclass(frozen=True)
class Layer:
    """A layer as the kernels see it: an image of one column is turned into one of one row."""

    context: OperatorContext
    source: Tensor
    target: Tensor
    vertical: Axis
    horizontal: Axis
    filters: Int8Array  # [channels, taps]

    @property
    def taps(self) -> int:
        """How many a window has."""
        return int(self.filters.shape[1])

    @property
    def bias(self) -> npt.NDArray[np.int32]:
        """With the input zero point folded in, int32 [channels]."""
        zero_point = quantization_of(self.source).zero_point
        return folded_bias(self.context.optional_input(2), self.filters, zero_point)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Multiplier and shift of each channel."""
        return channel_pairs(channel_multipliers(self.context), len(self.filters))

    @property
    def plane(self) -> tuple[int, int]:
        """Height and width of a channel with its padding, as far as it is used."""
        height, width = (
            (axis.output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1
            for axis in (self.vertical, self.horizontal)
        )
        return height, width

    @property
    def in_place(self) -> bool:
        """Whether a channel's output may replace its input."""
        return self.source.shape == self.target.shape and self.source.shape[0] == 1

    @property
    def window(self) -> Fields:
        """The fields of qmcu_window."""
        multiplier = self.target.shape[3] // self.source.shape[3]
        return sliding_window(self.source, self.target, self.vertical, self.horizontal, multiplier)

    def offsets(self, row: int, pixel: int) -> npt.NDArray[np.int64]:
        """Of each tap from a window's first, in an image of `row` and `pixel` bytes."""
        rows = np.arange(self.vertical.kernel) * self.vertical.dilation * row
        columns = np.arange(self.horizontal.kernel) * self.horizontal.dilation * pixel
        return np.add.outer(rows, columns).reshape(-1)


def layer_of(context: OperatorContext) -> Layer | None:
    """The operator's layer, or None for a constant input."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    if source.is_constant:
        return None
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    filters = weights.array.reshape(-1, target.shape[3]).T
    if source.shape[2] == target.shape[2] == horizontal.kernel == 1:
        source, target = (replace(t, shape=_turned(t.shape)) for t in (source, target))
        vertical, horizontal = horizontal, vertical
    return Layer(context, source, target, vertical, horizontal, np.ascontiguousarray(filters))


def _turned(shape: Sequence[int]) -> tuple[int, ...]:
    batches, height, width, depth = shape
    return batches, width, height, depth


def lower_planes(context: OperatorContext) -> KernelCall | None:
    """DEPTHWISE_CONV_2D of any kind, a channel at a time, where that is faster."""
    layer = layer_of(context)
    if layer is None or layer.source.shape[3] > _LARGEST_DEPTH:
        return None
    groups = groups_of(layer.offsets(layer.plane[1], 1))
    taps = _taps(layer)
    if taps is not None and not layer.in_place and taps_cost(layer) < planes_cost(layer, groups):
        return taps
    return _planes(layer, groups)


def lower_planes_alone(context: OperatorContext) -> KernelCall | None:
    """The same even where that is a little slower: weights as they are, no tables."""
    layer = layer_of(context)
    if layer is None or layer.source.shape[3] > _LARGEST_DEPTH:
        return None
    groups = groups_of(layer.offsets(layer.plane[1], 1))
    if _taps(layer) is not None and planes_cost(layer, groups) > _A_LITTLE * taps_cost(layer):
        return None
    return _planes(layer, groups)


def lower_taps(context: OperatorContext) -> KernelCall | None:
    """DEPTHWISE_CONV_2D without a depth multiplier, a pixel at a time."""
    layer = layer_of(context)
    return None if layer is None else _taps(layer)


def groups_of(offsets: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """First tap and end of the groups that one gather takes."""
    groups = []
    first = 0
    for tap in range(len(offsets) + 1):
        full = tap == len(offsets) or tap - first == LANES
        if full or offsets[tap] - offsets[first] > _LARGEST_SPAN:
            groups.append((first, tap))
            first = tap
    return groups


def planes_cost(layer: Layer, groups: Sequence[tuple[int, int]]) -> float:
    """Instructions a channel, about: rows are laid out, multiplied and requantized."""
    height, width = layer.target.shape[1:3]
    lay_out = layer.source.shape[1] * (10 + 5 * -(-layer.source.shape[2] // 8))
    if len(groups) == 1:
        return 70 + lay_out + height * (35 + 25 * -(-width // 4))
    multiply = 7 * (len(groups) % 2) + 9 * (len(groups) // 2)
    return 60 + lay_out + height * (12 * -(-len(groups) // 2) + width * (multiply + 3))


def taps_cost(layer: Layer) -> float:
    """The same of a pixel at a time."""
    outputs = layer.target.shape[1] * layer.target.shape[2]
    return outputs * (3.5 * -(-layer.taps // _STEP) + 7)


def _planes(layer: Layer, groups: Sequence[tuple[int, int]]) -> KernelCall:
    context, source, target = layer.context, layer.source, layer.target
    block = max(1, _SUMS // target.shape[2])
    summed = len(groups) > 1 or any(shift >= 0 for _, shift in layer.pairs)
    sums = 4 * block * target.shape[2] if summed else 0
    # The last of four windows may be behind the plane.
    plane = layer.plane[0] * layer.plane[1] + 3 * layer.horizontal.stride
    parameters = (
        *layer.window,
        ("sums", int(summed)),
        ("input_zero_point", quantization_of(source).zero_point),
        *output_fields(context),
    )
    # A lane without a tap reads the plane too: its offset is 0 and its weight is 0.
    return context.call(
        "depthwise_conv_2d_mve",
        (
            ParametersArgument("qmcu_depthwise_conv_2d_mve_params", parameters),
            context.operand(source),
            context.constant("weights", layer.filters, "weights"),
            context.constant(
                "channels", channel_records(layer.pairs, layer.bias), "requantization"
            ),
            ScratchArgument(_GROUP * len(groups) + sums + plane),
            context.operand(target),
        ),
        macs=target.elements * layer.taps,
        may_overlay=((source.index, target.index),) if layer.in_place else (),
    )


def _taps(layer: Layer) -> KernelCall | None:
    context, source, target = layer.context, layer.source, layer.target
    width, depth = source.shape[2:]
    image = layer.offsets(width * depth, depth)
    if target.shape[3] != depth or max(image[-1], layer.taps * depth) > _LARGEST_OFFSET:
        return None
    padded = any(
        axis.padding or layer.plane[i] > source.shape[1 + i]
        for i, axis in enumerate((layer.vertical, layer.horizontal))
    )
    steps = -(-layer.taps // _STEP)
    offsets = np.zeros((2 if padded else 1, _STEP * steps), np.uint16)
    offsets[0, : layer.taps] = image
    if padded:
        offsets[1, : layer.taps] = np.arange(layer.taps) * depth
    parameters = (
        *layer.window,
        ("steps", steps),
        ("padded", int(padded)),
        ("general", int(any(shift > -1 for _, shift in layer.pairs))),
        ("input_zero_point", quantization_of(source).zero_point),
        *output_fields(context),
    )
    channels = channel_records(layer.pairs, layer.bias)
    call = context.call(
        "depthwise_conv_2d_mve_taps",
        (
            ParametersArgument("qmcu_depthwise_conv_2d_mve_taps_params", parameters),
            context.operand(source),
            context.constant("weights", pack_taps(layer.filters, _STEP), "weights"),
            context.constant("channels", by_fours(channels), "requantization"),
            context.constant("offsets", offsets, "table"),
            ScratchArgument(layer.taps * depth + 3 if padded else 4),
            context.operand(target),
        ),
        macs=target.elements * layer.taps,
    )
    call = behind_windows(call, source, target, (layer.vertical, layer.horizontal), 0)
    return replace(call, overread=3)


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
    columns = 4 * (width + 2) if stride == 1 else 3 * (8 * -(-width // 4) + 1)
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
            context.constant("records", pack_records(filters, bias, pairs, stride), "weights"),
            ScratchArgument(group * columns),
            context.operand(target),
        ),
        macs=target.elements * 9,
        # Outputs replace input pixels of their own channels whose rows are in scratch already.
        may_overlay=((source.index, target.index),),
    )


def lower_narrow_3x3(context: OperatorContext) -> KernelCall | None:
    """The same with a quarter of the scratch."""
    return lower_depthwise_3x3(context, _FEW_CHANNELS)
