"""CONV_2D for the DSP extension: 1x1, by windows, and 3x3 by exact Winograd."""

from dataclasses import dataclass, replace

from qmcu.compile.kernel_sets.dsp.filters import (
    GROUP,
    STEEP,
    WORD,
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
from qmcu.compile.kernel_sets.dsp.tiles import LANES, POSITIONS, Layer
from qmcu.compile.kernel_sets.dsp.windows import (
    Convolution,
    bytes_of_row,
    convolution,
    pixel_fields,
    row_fields,
    runs_backward,
    written_behind_reading,
)
from qmcu.compile.kernel_sets.trailing import behind_rows, behind_tiles, behind_windows
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.operators.window import WHOLE_ROWS, image_fields
from qmcu.compile.plan import (
    KernelCall,
    ParametersArgument,
    ScratchArgument,
)

# Least channels for which the transforms pay.
_WINOGRAD_LEAST = 4


def _pointwise(c: Convolution, form: Form) -> KernelCall | None:
    filters = filters_of(c.context, c.weights, form.least_shift)
    packed = None if filters is None else form.pack(filters)
    if packed is None:
        return None
    fields = pixel_fields(c)
    if fields is None:
        return None
    depth, backward = c.input_depth, runs_backward(c)
    steps = -(-depth // GROUP)
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
    call = replace(call, overread=-depth % GROUP, overlay_grows=backward)
    return call if backward else behind_windows(call, c.source, c.target, c.axes, 2)


# Most filters for which pixels are not laid out: that would take longer than to multiply them.
_FEW = 2


def few(context: OperatorContext) -> KernelCall | None:
    """1x1 windows, one filter or two: pixels are read where they lie."""
    c = convolution(context)
    if c is None or c.kernel != (1, 1) or c.vertical.padding or c.output_depth > _FEW:
        return None
    filters, fields = filters_of(c.context, c.weights), pixel_fields(c)
    packed = None if filters is None else pack_pairs(filters)
    if packed is None or fields is None or runs_backward(c):
        return None
    steps = -(-c.input_depth // GROUP)
    kernel = "conv_1x1_two_dsp"
    call = c.context.call(
        kernel,
        (
            ParametersArgument(
                f"qmcu_{kernel}_params", (*fields, ("filters", c.output_depth), ("steps", steps))
            ),
            c.context.operand(c.source),
            c.context.constant("weights", packed[0], "weights"),
            c.context.constant("pairs", packed[1], "requantization"),
            c.context.operand(c.target),
        ),
        macs=c.macs,
        may_overlay=c.overlay(c.stride == (1, 1)),
    )
    call = replace(call, overread=-c.input_depth % GROUP)
    return behind_windows(call, c.source, c.target, c.axes, 1)


def _rows(c: Convolution, form: Form) -> KernelCall | None:
    if c.vertical.stride > c.vertical.kernel:
        return None
    filters = filters_of(c.context, window_order(c.weights), form.least_shift)
    packed = None if filters is None else form.pack(filters)
    if packed is None:
        return None
    steps = packed[0].shape[1] * 4 // GROUP
    row_bytes = bytes_of_row(c)
    *fields, last = row_fields(c)
    parameters = (*fields, ("steps", steps), last)
    kernel = f"conv_2d_rows_{form.name}_dsp"
    call = c.context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            c.context.operand(c.source),
            c.context.constant("weights", packed[0], "weights"),
            c.context.constant("pairs", packed[1], "requantization"),
            ScratchArgument(_rows_scratch(c, steps, row_bytes)),
            c.context.operand(c.target),
        ),
        macs=c.macs,
        may_overlay=c.overlay(written_behind_reading(c.source, c.target, c.vertical)),
    )
    return behind_rows(call, c.source, c.target, c.vertical)


def _rows_scratch(c: Convolution, steps: int, row_bytes: int) -> int:
    """Two columns, the rows of a window, and a window's bytes where its rows are no whole words."""
    run = c.horizontal.kernel * c.input_depth
    words = -(-run // WORD)
    joined = words * c.vertical.kernel > 2 * steps and run % WORD != 1
    # Words are copied and loaded: up to three bytes more.
    return 32 * steps + c.vertical.kernel * row_bytes + (GROUP * steps if joined else 0) + WORD


def _direct(c: Convolution, form: Form) -> KernelCall | None:
    build = _pointwise if c.kernel == (1, 1) and c.vertical.padding == 0 else _rows
    return build(c, form)


def takes_winograd(c: Convolution) -> bool:
    """Whether its windows are those of F(4x4, 3x3)."""
    return (
        c.kernel == (3, 3)
        and c.stride == (1, 1)
        and c.input_depth >= _WINOGRAD_LEAST
        and max(c.vertical.padding, c.horizontal.padding) <= 1
    )


def _winograd(c: Convolution) -> KernelCall | None:
    if not takes_winograd(c):
        return None
    filters = filters_of(c.context, c.weights)
    zero_point = quantization_of(c.source).zero_point
    packed = None if filters is None else pack_winograd(filters)
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
    call = replace(call, overread=-depth % WORD)
    return behind_tiles(call, c.source, c.target, c.vertical)


@dataclass(frozen=True)
class Trade:
    """What transformed weights cost and bring for one layer, by a model of both kernels.

    `flash` is the additional bytes, `saved` the instructions an inference is estimated to save
    by `what`.
    """

    flash: int
    saved: int
    what: str = "transformed weights"

    def __str__(self) -> str:
        return (
            f"{self.what}: {self.flash:,} bytes more flash for about {self.saved:,} "
            "instructions less (estimated)"
        )


def layer_of(c: Convolution) -> Layer:
    """A 3x3 convolution as estimates see it."""
    batches, height, width, filters = c.target.shape
    return Layer(batches, height, width, filters, c.input_depth)


def _trade(c: Convolution) -> Trade:
    layer = layer_of(c)
    depth, groups = -(-c.input_depth // GROUP) * GROUP, -(-c.output_depth // LANES) * LANES
    flash = 2 * POSITIONS * depth * groups - c.output_depth * 9 * c.input_depth
    return Trade(flash, round(layer.windows - layer.by_tiles))


def winograd(least: float) -> Lowering:
    """A lowering to Winograd's form where it saves at least so many instructions a flash byte."""

    def lower(context: OperatorContext) -> KernelCall | None:
        c = convolution(context)
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
        c, other = convolution(context), transformed(context)
        if c is None or other is None:
            return None
        call = pairs(context) or wide(context)
        if WHOLE_ROWS in context.operator.options:
            return call  # what rows of a layer trade, their range says
        text = f"no transformed weights: less stack for about {_trade(c).saved:,} instructions more"
        return None if call is None else replace(call, trade=f"{text} (estimated)")

    return lower


def _lowering(form: Form) -> Lowering:
    def lower(context: OperatorContext) -> KernelCall | None:
        c = convolution(context)
        return None if c is None else _direct(c, form)

    return lower


# Weights in the flash of bytes, and as halfwords: in twice the flash, and exact for more.
pairs = _lowering(Form("pair", pack_pairs))
wide = _lowering(Form("wide", pack_wide))
# The same for multipliers of 1/2 and more.
steep = (
    _lowering(Form("pair_steep", pack_pairs_steep, STEEP)),
    _lowering(Form("wide_steep", pack_wide_steep, STEEP)),
)
# int4 weights, in half of that flash.
int4 = _lowering(Form("int4", pack_int4_columns, least_shift=0))
