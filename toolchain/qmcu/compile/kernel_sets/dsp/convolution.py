"""CONV_2D for the DSP extension: 1x1, by windows, and 3x3 by exact Winograd."""

from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from qmcu.compile.kernel_sets.dsp.filters import (
    GROUP,
    STEEP,
    Form,
    filters_of,
    pack_pairs,
    pack_pairs_steep,
    pack_wide,
    pack_wide_steep,
    pack_winograd,
    window_order,
)
from qmcu.compile.kernel_sets.dsp.int4 import pack_int4_columns
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.operators.window import Axis, axes, image_fields
from qmcu.compile.plan import (
    KernelCall,
    ParametersArgument,
    ScratchArgument,
)
from qmcu.model.graph import Tensor

# Least channels for which the transforms pay.
_WINOGRAD_LEAST = 4
# Instructions a product: 23 for 32 in multiply_pair, 10 for 16 in multiply_wide.
_WIDE_SAVES = 23 / 32 - 10 / 16


@dataclass(frozen=True)
class _Convolution:
    """A convolution without groups and dilation: tensors and windows."""

    context: OperatorContext
    source: Tensor
    target: Tensor
    weights: npt.NDArray[Any]
    vertical: Axis
    horizontal: Axis

    @property
    def kernel(self) -> tuple[int, int]:
        return self.vertical.kernel, self.horizontal.kernel

    @property
    def stride(self) -> tuple[int, int]:
        return self.vertical.stride, self.horizontal.stride

    @property
    def input_depth(self) -> int:
        return self.source.shape[3]

    @property
    def output_depth(self) -> int:
        return self.target.shape[3]

    @property
    def macs(self) -> int:
        return self.target.elements * int(self.weights[0].size)

    def overlay(self, allowed: bool) -> tuple[tuple[int, int], ...]:
        return ((self.source.index, self.target.index),) if allowed else ()


def _convolution(context: OperatorContext) -> _Convolution | None:
    source, target, weights = context.input(0), context.output(), context.input(1)
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    if (
        source.is_constant
        or weights.shape[3] != source.shape[3]
        or (vertical.dilation, horizontal.dilation) != (1, 1)
    ):
        return None
    return _Convolution(context, source, target, weights.array, vertical, horizontal)


def _pointwise(c: _Convolution, form: Form) -> KernelCall | None:
    filters = filters_of(c.context, c.weights, form.least_shift)
    packed = None if filters is None else form.pack(filters)
    if packed is None:
        return None
    steps = -(-c.input_depth // GROUP)
    batches, height, width, depth = c.source.shape
    step_h, step_w = c.stride
    if c.stride == (1, 1):
        fields = (("pixels", batches * height * width), ("rows", 1), ("pixel_step", depth),
                  ("row_step", 0))  # fmt: skip
    else:
        if height % step_h and batches > 1:
            return None  # from the last row of an image to the next one it is no whole step
        used = c.target.shape[2]
        fields = (
            ("pixels", used),
            ("rows", batches * c.target.shape[1]),
            ("pixel_step", step_w * depth),
            ("row_step", (step_h * width - step_w * used) * depth),
        )
    # Backward, a deeper output never reaches pixels that are still to be read.
    backward = c.stride == (1, 1) and c.output_depth > depth
    parameters = (*fields, ("input_depth", depth), ("output_depth", c.output_depth),
                  ("backward", int(backward)), ("steps", steps))  # fmt: skip
    kernel = f"conv_1x1_{form.name}_dsp"
    call = c.context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            c.context.operand(c.source),
            c.context.constant("weights", packed[0], "weights"),
            c.context.constant("pairs", packed[1], "requantization"),
            ScratchArgument(32 * steps),
            c.context.operand(c.target),
        ),
        macs=c.macs,
        # Two pixels are read before they are written, and each is written where it was or before.
        may_overlay=c.overlay(c.stride == (1, 1)),
    )
    return replace(call, overread=GROUP - 1, overlay_grows=backward)


def _rows(c: _Convolution, form: Form) -> KernelCall | None:
    if c.vertical.stride > c.vertical.kernel:
        return None
    filters = filters_of(c.context, window_order(c.weights), form.least_shift)
    packed = None if filters is None else form.pack(filters)
    if packed is None:
        return None
    steps = packed[0].shape[1] * 4 // GROUP
    width = (c.target.shape[2] - 1) * c.horizontal.stride + c.horizontal.kernel
    row_bytes = -(-width * c.input_depth // 4) * 4
    parameters = (
        *image_fields(c.source, c.target),
        ("kernel_height", c.vertical.kernel),
        ("kernel_width", c.horizontal.kernel),
        ("stride_height", c.vertical.stride),
        ("stride_width", c.horizontal.stride),
        ("padding_top", c.vertical.padding),
        ("padding_left", c.horizontal.padding),
        ("input_zero_point", quantization_of(c.source).zero_point),
        ("steps", steps),
        ("row_bytes", row_bytes),
    )
    kernel = f"conv_2d_rows_{form.name}_dsp"
    call = c.context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            c.context.operand(c.source),
            c.context.constant("weights", packed[0], "weights"),
            c.context.constant("pairs", packed[1], "requantization"),
            ScratchArgument(40 * steps + 24 + c.vertical.kernel * row_bytes),
            c.context.operand(c.target),
        ),
        macs=c.macs,
        may_overlay=c.overlay(written_behind_reading(c.source, c.target, c.vertical)),
    )
    return replace(call, overread=3)


def written_behind_reading(source: Tensor, target: Tensor, vertical: Axis) -> bool:
    """True when an output row never reaches input rows that are still to be read.

    For a kernel that has copied the rows of its window before it writes an output row.
    """
    _, height, width, depth = source.shape
    row, output_row = width * depth, target.shape[2] * target.shape[3]
    for y in range(target.shape[1]):
        read = y * vertical.stride - vertical.padding + vertical.kernel
        if read < height and (y + 1) * output_row > read * row:
            return False
    return target.size <= source.size


def _direct(c: _Convolution, form: Form) -> KernelCall | None:
    build = _pointwise if c.kernel == (1, 1) and c.vertical.padding == 0 else _rows
    return build(c, form)


def _winograd(c: _Convolution) -> KernelCall | None:
    if (
        c.kernel != (3, 3)
        or c.stride != (1, 1)
        or c.input_depth < _WINOGRAD_LEAST
        or max(c.vertical.padding, c.horizontal.padding) > 1
    ):
        return None
    filters = filters_of(c.context, c.weights)
    zero_point = quantization_of(c.source).zero_point
    packed = None if filters is None else pack_winograd(filters, zero_point)
    if packed is None:
        return None
    depth, width = c.input_depth, c.source.shape[2]
    parameters = (
        *image_fields(c.source, c.target),
        ("padding_top", c.vertical.padding),
        ("padding_left", c.horizontal.padding),
        ("input_zero_point", zero_point),
    )
    words = -(-depth // 4)
    scratch = 576 * -(-depth // GROUP) + 96 * words + width * 4 * words
    same = c.source.shape[:3] == c.target.shape[:3]
    call = c.context.call(
        "conv_3x3_winograd_dsp",
        (
            ParametersArgument("qmcu_conv_3x3_winograd_dsp_params", parameters),
            c.context.operand(c.source),
            c.context.constant("weights", packed[0], "weights"),
            c.context.constant("filters", packed[1], "requantization"),
            ScratchArgument(scratch),
            c.context.operand(c.target),
        ),
        macs=c.macs,
        # A tile's lower rows replace just the pixels that were read for it; with fewer channels
        # they would fall on pixels further up that the next tile still reads.
        may_overlay=c.overlay(same and c.output_depth == depth),
    )
    return replace(call, overread=3)


@dataclass(frozen=True)
class Trade:
    """What transformed weights cost and bring for one layer, by a model of both kernels.

    `flash` is the additional bytes, `saved` the instructions an inference is estimated to save.
    The coefficients are fitted to counted layers; they are within 3 % of them.
    """

    flash: int
    saved: int

    def __str__(self) -> str:
        return (
            f"transformed weights: {self.flash:,} bytes more flash for about {self.saved:,} "
            "instructions less (estimated)"
        )


def _trade(c: _Convolution) -> Trade:
    batches, height, width, filters = c.target.shape
    values, depth = 9 * c.input_depth, -(-c.input_depth // GROUP) * GROUP
    groups = -(-filters // 4) * 4
    direct = 0.719 * c.macs + 11 * c.target.elements + 3.2 * values * batches * height * width
    tiles = batches * -(-height // 4) * -(-width // 4)
    winograd = tiles * (0.656 * 36 * depth * groups + 300 * groups + 360 * c.input_depth)
    return Trade(2 * 36 * depth * groups - filters * values, round(direct - winograd))


def winograd(least: float) -> Lowering:
    """A lowering to Winograd's form where it saves at least so many instructions a flash byte."""

    def lower(context: OperatorContext) -> KernelCall | None:
        c = _convolution(context)
        if c is None:
            return None
        trade = _trade(c)
        if trade.saved <= 0 or trade.saved < least * trade.flash:
            return None
        call = _winograd(c)
        return None if call is None else replace(call, trade=str(trade))

    return lower


def without_winograd(least: float) -> Lowering:
    """A lowering of what `winograd` would take to the direct form, whose stack is a quarter."""
    transformed = winograd(least)

    def lower(context: OperatorContext) -> KernelCall | None:
        c, other = _convolution(context), transformed(context)
        if c is None or other is None:
            return None
        call = pairs(context) or wide(context)
        text = f"no transformed weights: less stack for about {_trade(c).saved:,} instructions more"
        return None if call is None else replace(call, trade=f"{text} (estimated)")

    return lower


def _lowering(form: Form) -> Lowering:
    def lower(context: OperatorContext) -> KernelCall | None:
        c = _convolution(context)
        return None if c is None else _direct(c, form)

    return lower


# Weights in the flash of bytes, and as halfwords: faster in twice the flash, and exact for more.
pairs = _lowering(Form("pair", pack_pairs))
wide = _lowering(Form("wide", pack_wide))
# The same for multipliers of 1/2 and more.
steep = (
    _lowering(Form("pair_steep", pack_pairs_steep, STEEP)),
    _lowering(Form("wide_steep", pack_wide_steep, STEEP)),
)
# int4 weights, in half of that flash.
int4 = _lowering(Form("int4", pack_int4_columns, least_shift=0))


def wide_for_speed(context: OperatorContext) -> KernelCall | None:
    """As `wide`, and what that costs where `pairs` would do."""
    call, other = wide(context), pairs(context)
    if call is None or other is None:
        return call
    flash, saved = call.constant_size - other.constant_size, round(_WIDE_SAVES * call.macs)
    return replace(
        call,
        trade=f"weights as halfwords: {flash:,} bytes more flash for about {saved:,} instructions "
        "less (estimated)",
    )
