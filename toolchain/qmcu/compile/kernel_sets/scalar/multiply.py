"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED for cores without the DSP extension."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets.dsp.windows import written_behind_reading
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
# output row, or in the image.
Rows = Literal["together", "single", "image"]


def _rows(
    source: Tensor, target: Tensor, axes: tuple[Axis, Axis], rows: Rows
) -> tuple[Fields, int] | None:
    """The fields of qmcu_rows and the bytes of scratch; None where another form is the same one."""
    vertical, horizontal = axes
    extents = [
        (size - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1
        for axis, size in zip(axes, target.shape[1:3], strict=True)
    ]
    together = output_rows_together(target.shape[1], target.shape[2])
    if rows == "image":
        inside = extents[0] <= source.shape[1] and extents[1] <= source.shape[2]
        if vertical.padding or horizontal.padding or not inside:
            return None
        count, row_bytes = 0, source.shape[2] * source.shape[3]
    else:
        if rows == "single":
            if together == 1:
                return None
            together = 1
        count = (together - 1) * vertical.stride + (vertical.kernel - 1) * vertical.dilation + 1
        row_bytes = -(-extents[1] * source.shape[3] // 4) * 4
    fields: Fields = (
        ("rows.together", together),
        ("rows.count", count),
        ("rows.row_bytes", row_bytes),
    )
    return fields, count * row_bytes


def _overlay(
    source: Tensor, target: Tensor, shapes: tuple[Tensor, Tensor], axis: Axis, rows: Rows
) -> tuple[tuple[int, int], ...]:
    """What may lie over what: rows of scratch are copies, but only of one image."""
    behind = shapes[0].shape[0] == 1 and written_behind_reading(*shapes, axis)
    return ((source.index, target.index),) if behind and rows != "image" else ()


def _as_narrow_rows(source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both images of a pointwise layer as rows of few pixels: then little scratch holds them."""
    pixels = source.elements // source.shape[3]
    width = 1 if pixels % _PIXELS else _PIXELS
    source, target = (
        replace(t, shape=(1, pixels // width, width, t.shape[3])) for t in (source, target)
    )
    return source, target


# Filters of a group from which packing a window pays: it costs about as much as three of them save.
_PACKED_FROM = 4


def _in_pairs(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int8] | None:
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
    packed = _in_pairs(context.input(1).array)
    if packed is None or len(context.input(1).array) // groups < _PACKED_FROM:
        return None
    return _conv_2d(context, packed, rows)


def conv_2d_direct(context: OperatorContext, rows: Rows = "together") -> KernelCall | None:
    """The same of any weights, with less scratch."""
    return _conv_2d(context, None, rows)


def _conv_2d(
    context: OperatorContext, packed: npt.NDArray[np.int8] | None, rows: Rows
) -> KernelCall | None:
    source, target, weights = context.input(0), context.output(), context.input(1)
    vertical, horizontal = windows(context)
    groups = source.shape[3] // weights.shape[3]
    shapes = source, target
    if weights.shape[1:3] == (1, 1) and (vertical.stride, horizontal.stride) == (1, 1):
        shapes = _as_narrow_rows(source, target)
    found = _rows(*shapes, (vertical, horizontal), rows)
    if source.is_constant or found is None:
        return None
    row_fields, scratch = found
    fields, constants = _constants(
        context, weights.array, weights.array if packed is None else packed
    )
    if packed is not None:
        scratch += -(-weights.array[0].size // 2) * 16
    parameters = (
        *sliding_window(*shapes, vertical, horizontal),
        ("groups", groups),
        ("group_depth", weights.shape[3]),
        ("group_filters", weights.shape[0] // groups),
        ("input_zero_point", quantization_of(source).zero_point),
        *fields,
        ("packed", int(packed is not None)),
        *row_fields,
    )
    return context.call(
        "conv_2d_scalar",
        (
            ParametersArgument("qmcu_conv_2d_scalar_params", parameters),
            context.operand(source),
            *constants,
            ScratchArgument(scratch) if scratch else ConstantArgument(None),
            context.operand(target),
        ),
        macs=target.elements * weights.elements // weights.shape[0],
        may_overlay=_overlay(source, target, shapes, vertical, rows),
    )


def depthwise_conv_2d(context: OperatorContext, rows: Rows = "together") -> KernelCall | None:
    """DEPTHWISE_CONV_2D of any window, stride, dilation and depth multiplier."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    vertical, horizontal = windows(context)
    found = _rows(source, target, (vertical, horizontal), rows)
    if source.is_constant or found is None:
        return None
    row_fields, scratch = found
    by_channel = np.moveaxis(weights.array, 3, 0)
    fields, constants = _constants(context, by_channel, weights.array)
    multiplier = target.shape[3] // source.shape[3]
    parameters = (
        *sliding_window(source, target, vertical, horizontal, multiplier),
        ("input_zero_point", quantization_of(source).zero_point),
        *fields,
        *row_fields,
    )
    return context.call(
        "depthwise_scalar",
        (
            ParametersArgument("qmcu_depthwise_scalar_params", parameters),
            context.operand(source),
            *constants,
            ScratchArgument(scratch) if scratch else ConstantArgument(None),
            context.operand(target),
        ),
        macs=target.elements * weights.shape[1] * weights.shape[2],
        may_overlay=_overlay(source, target, (source, target), vertical, rows),
    )


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
    return context.call(
        "fully_connected_scalar",
        (
            ParametersArgument("qmcu_fully_connected_scalar_params", parameters),
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
