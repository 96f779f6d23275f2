"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED for cores without the DSP extension."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets.dsp.windows import written_behind_reading
from qmcu.compile.kernel_sets.trailing import behind_rows, behind_windows
from qmcu.compile.lifetimes import aligned
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.convolution import windows
from qmcu.compile.operators.weights import (
    channel_multipliers,
    folded_bias,
    quantization_of,
    requantization,
)
from qmcu.compile.operators.window import Axis, sliding_window
from qmcu.compile.plan import (
    Argument,
    ConstantArgument,
    FieldValue,
    KernelCall,
    ParametersArgument,
    ScratchArgument,
)
from qmcu.model.graph import Tensor

Fields = tuple[tuple[str, FieldValue], ...]
PARTS = "conv_2d_parts_scalar"


def _constants(
    context: OperatorContext, filters: npt.NDArray[np.int8], weights: npt.NDArray[np.int8]
) -> tuple[Fields, tuple[Argument, ...]]:
    """The fields and constants of weights and requantization; `filters` is [channels, ...]."""
    zero_point = quantization_of(context.input(0)).zero_point
    fields, constants = requantization(context, channel_multipliers(context))
    bias = folded_bias(context.optional_input(2), filters, zero_point)
    return fields, (
        context.constant("weights", weights, "weights"),
        context.constant("bias", bias, "bias"),
        *constants,
    )


# Pixels that a kernel computes at a time.
_PIXELS = 4


@dataclass(frozen=True)
class _Layer:
    """Input, output and windows as a kernel has them."""

    source: Tensor
    target: Tensor
    axes: tuple[Axis, Axis]

    @property
    def is_pointwise(self) -> bool:
        """Whether an output pixel is of the input pixel in its place alone."""
        return all((a.kernel, a.stride, a.padding) == (1, 1, 0) for a in self.axes)

    def with_rows_of(self, width: int) -> "_Layer":
        """A pointwise layer's pixels in rows of `width`."""
        rows = self.source.elements // self.source.shape[3] // width
        source, target = (
            replace(t, shape=(1, rows, width, t.shape[3])) for t in (self.source, self.target)
        )
        vertical, horizontal = self.axes
        axes = replace(vertical, output=rows), replace(horizontal, output=width)
        return _Layer(source, target, axes)

    @property
    def in_narrow_rows(self) -> "_Layer":
        """A pointwise layer with few pixels a row: then little scratch holds them."""
        pixels = self.source.elements // self.source.shape[3]
        return self.with_rows_of(1 if pixels % _PIXELS else _PIXELS)

    @property
    def in_one_row(self) -> "_Layer":
        """A pointwise layer with all pixels beside each other."""
        return self.with_rows_of(self.source.elements // self.source.shape[3])


def _layer(context: OperatorContext) -> _Layer:
    """Images of one row as images of one column, whose rows take little scratch."""
    source, target = context.input(0), context.output()
    vertical, horizontal = windows(context)
    if source.shape[1] > 1 or target.shape[1] > 1 or vertical.kernel > 1 or vertical.padding:
        return _Layer(source, target, (vertical, horizontal))
    source, target = (
        replace(t, shape=(t.shape[0], t.shape[2], 1, t.shape[3])) for t in (source, target)
    )
    return _Layer(source, target, (horizontal, vertical))


# Share of the computed pixels that may be wasted before more rows are taken together.
_WASTE = 0.08


def output_rows_together(height: int, width: int) -> int:
    """How many output rows to take together, so that few of their pixels are left of the fours."""
    best, least = 1, 1.0
    for rows in range(1, min(_PIXELS, height) + 1):
        groups = height // rows * -(-rows * width // _PIXELS)
        groups += -(-(height % rows) * width // _PIXELS)
        waste = 1 - height * width / (groups * _PIXELS)
        if waste <= least - _WASTE:
            best, least = rows, waste
    return best


# Where a layer's windows are: in rows of scratch, as many together as leave few pixels or of one
# output row, or in the image, from the first to the last or backward.
Rows = Literal["together", "single", "image", "backward"]


def _rows_together(target: Tensor, vertical: Axis) -> tuple[int, int]:
    """How few output rows to take together, and how many where scratch has room.

    Of rows of one pixel no fewer than fours, and so many that the input rows which the next ones
    read again, and which are moved, are not more.
    """
    height, width = target.shape[1:3]
    together = output_rows_together(height, width)
    if width > 1:
        return 1, together
    return together, min(together * max(vertical.kernel // _PIXELS, 1), height)


def _rows(layer: _Layer, rows: Rows) -> tuple[Fields, int] | None:
    """The fields of qmcu_rows and the bytes of scratch; None where another form is the same one."""
    source, target, axes = layer.source, layer.target, layer.axes
    vertical = axes[0]
    extents = [
        (size - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1
        for axis, size in zip(axes, target.shape[1:3], strict=True)
    ]
    fewest, together = _rows_together(target, vertical)
    if rows in ("image", "backward"):
        inside = extents[0] <= source.shape[1] and extents[1] <= source.shape[2]
        if any(axis.padding for axis in axes) or not inside:
            return None
        count, row_bytes = -int(rows == "backward"), source.shape[2] * source.shape[3]
        together = target.shape[1]  # fours of all pixels
    else:
        if rows == "single":
            if together == fewest:
                return None
            together = fewest
        count = (together - 1) * vertical.stride + (vertical.kernel - 1) * vertical.dilation + 1
        row_bytes = extents[1] * source.shape[3]
        if extents[1] > 1:
            row_bytes = aligned(row_bytes)
    fields: Fields = (
        ("rows.together", together),
        ("rows.count", count),
        ("rows.row_bytes", row_bytes),
    )
    return fields, aligned(max(count, 0) * row_bytes)


def _over_input(call: KernelCall, layer: _Layer, rows: Rows, *, packed: bool = False) -> KernelCall:
    """The call with what may lie over what.

    Rows of scratch and packed windows are copies, of which the ones that come are not read yet.
    """
    source, target, axes = layer.source, layer.target, layer.axes
    pair = ((source.index, target.index),)
    if rows == "backward":
        return replace(call, may_overlay=pair, overlay_grows=True)
    if rows == "image":
        together = _PIXELS if packed else 0
        call = behind_windows(call, source, target, axes, together, beside=_PIXELS)
        at_once = any(distance == 0 for *_, distance in call.may_trail)
        return replace(call, may_overlay=pair) if at_once else call
    if source.shape[0] == 1 and written_behind_reading(source, target, axes[0]):
        call = replace(call, may_overlay=pair)
    return behind_rows(call, source, target, axes[0])


# Filters of a group from which packing a window pays: it costs about as much as three of them save.
PACKED_FROM = 4


def in_pairs(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int8] | None:
    """Filters one behind another, a byte more where they are odd; None where they cannot be packed.

    The products of a pair of weights keep to 16 bits unless both are -128.
    """
    count = len(weights)
    filters = weights.reshape(count, -1).astype(np.int16)
    filters = np.pad(filters, ((0, 0), (0, filters.shape[1] % 2)))
    if (np.abs(filters).reshape(count, -1, 2).sum(axis=2) > 255).any():
        return None
    flat = weights.reshape(-1)
    return np.append(flat, np.int8(0)) if weights[0].size % 2 else flat


def conv_2d(context: OperatorContext, rows: Rows = "together") -> KernelCall | None:
    """CONV_2D of any window, stride, dilation and number of groups, by packed windows."""
    groups = context.input(0).shape[3] // context.input(1).shape[3]
    packed = in_pairs(context.input(1).array)
    if packed is None or len(context.input(1).array) // groups < PACKED_FROM:
        return None
    return _conv_2d(context, packed, rows)


def conv_2d_direct(context: OperatorContext, rows: Rows = "together") -> KernelCall | None:
    """The same of any weights, with less scratch."""
    return _conv_2d(context, None, rows)


def _conv_2d(
    context: OperatorContext, packed: npt.NDArray[np.int8] | None, rows: Rows
) -> KernelCall | None:
    source, target, weights = context.input(0), context.output(), context.input(1)
    groups = source.shape[3] // weights.shape[3]
    layer = _layer(context)
    if layer.is_pointwise:
        if packed is not None and groups == 1:
            # Packing is a copy already: no row is needed, and no other form is better.
            if rows != "together":
                return None
            layer = layer.in_one_row
            rows = "backward" if target.shape[3] > source.shape[3] else "image"
        elif weights.shape[0] < min(PACKED_FROM, source.shape[3] + 1) and groups == 1:
            # Few filters read the pixels where they are: no copy of them would pay.
            if rows != "together":
                return None
            layer, rows = layer.in_one_row, "image"
        else:
            layer = layer.in_narrow_rows
    found = _rows(layer, rows)
    if source.is_constant or found is None:
        return None
    row_fields, scratch = found
    fields, constants = _constants(
        context, weights.array, weights.array if packed is None else packed
    )
    if packed is not None:
        scratch += -(-weights.array[0].size // 2) * 16
    parameters = (
        *sliding_window(layer.source, layer.target, *layer.axes),
        ("groups", groups),
        ("group_depth", weights.shape[3]),
        ("group_filters", weights.shape[0] // groups),
        ("input_zero_point", quantization_of(source).zero_point),
        *fields,
        ("packed", int(packed is not None)),
        *row_fields,
    )
    call = context.call(
        "conv_2d_scalar",
        (
            ParametersArgument("qmcu_conv_2d_scalar_params", parameters),
            context.operand(source),
            *constants,
            ScratchArgument(scratch) if scratch else ConstantArgument(None),
            context.operand(target),
        ),
        macs=target.elements * weights.elements // weights.shape[0],
    )
    at_once = packed is not None and groups == 1
    return _over_input(call, layer, rows, packed=at_once)


# Values of a window that are packed at once, at most.
_PART = 64


def part_of(size: int) -> int:
    """How many of `size` values conv_2d_parts_scalar packs at once: even, about equal parts."""
    return 2 * -(-size // (2 * -(-size // _PART)))


def conv_2d_parts(context: OperatorContext) -> KernelCall | None:
    """CONV_2D by packed windows, a part of them at a time: less scratch, where filters are few."""
    layer, weights = _layer(context), context.input(1)
    filters, height, width, depth = weights.shape
    packed, size = in_pairs(weights.array), height * width * depth
    part = part_of(size)
    scratch = 8 * part + 16 * filters + depth
    if packed is None or filters < PACKED_FROM or context.input(0).is_constant:
        return None
    if depth != layer.source.shape[3] or scratch >= 8 * size:
        return None
    backward = layer.is_pointwise and filters > depth
    if layer.is_pointwise:
        layer = layer.in_one_row
    fields, constants = _constants(context, weights.array, packed)
    parameters = (
        *sliding_window(layer.source, layer.target, *layer.axes),
        ("input_zero_point", quantization_of(context.input(0)).zero_point),
        *fields,
        ("part", part),
        ("backward", int(backward)),
    )
    call = context.call(
        PARTS,
        (
            ParametersArgument(f"qmcu_{PARTS}_params", parameters),
            context.operand(context.input(0)),
            *constants,
            ScratchArgument(scratch),
            context.operand(context.output()),
        ),
        macs=context.output().elements * size,
    )
    return _over_input(call, layer, "backward" if backward else "image", packed=True)


def depthwise_conv_2d(context: OperatorContext, rows: Rows = "together") -> KernelCall | None:
    """DEPTHWISE_CONV_2D of any window, stride, dilation and depth multiplier."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    layer = _layer(context)
    found = _rows(layer, rows)
    if source.is_constant or found is None:
        return None
    row_fields, scratch = found
    by_channel = np.moveaxis(weights.array, 3, 0)
    fields, constants = _constants(context, by_channel, weights.array)
    multiplier = target.shape[3] // source.shape[3]
    parameters = (
        *sliding_window(layer.source, layer.target, *layer.axes, multiplier),
        ("input_zero_point", quantization_of(source).zero_point),
        *fields,
        *row_fields,
    )
    call = context.call(
        "depthwise_scalar",
        (
            ParametersArgument("qmcu_depthwise_scalar_params", parameters),
            context.operand(source),
            *constants,
            ScratchArgument(scratch) if scratch else ConstantArgument(None),
            context.operand(target),
        ),
        macs=target.elements * weights.shape[1] * weights.shape[2],
    )
    return _over_input(call, layer, rows)


def fully_connected(context: OperatorContext) -> KernelCall | None:
    """FULLY_CONNECTED of any batch."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    if source.is_constant:
        return None
    outputs, depth = weights.shape
    fields, constants = _constants(context, weights.array, weights.array)
    parameters = (
        ("batches", source.elements // depth),
        ("input_depth", depth),
        ("output_depth", outputs),
        *fields,
    )
    kernel = "fully_connected_few_scalar" if outputs < _PIXELS else "fully_connected_scalar"
    return context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            context.operand(source),
            *constants,
            context.operand(target),
        ),
        macs=source.elements * outputs,
    )


def by_rows(lower: Callable[[OperatorContext, Rows], KernelCall | None]) -> tuple[Lowering, ...]:
    """The forms of a layer: the second and third take less scratch for somewhat more instructions,
    or for no output over the input."""
    forms: tuple[Rows, ...] = ("together", "single", "image")
    return tuple(partial(_by, lower, rows) for rows in forms)


def _by(
    lower: Callable[[OperatorContext, Rows], KernelCall | None],
    rows: Rows,
    context: OperatorContext,
) -> KernelCall | None:
    return lower(context, rows)
