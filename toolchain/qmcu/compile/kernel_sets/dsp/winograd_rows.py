"""CONV_2D with windows 3 wide by Winograd's F(4, 3) along rows: also for some rows of an image."""

from dataclasses import dataclass, replace

import numpy as np

from qmcu.compile.kernel_sets.dsp.convolution import Trade
from qmcu.compile.kernel_sets.dsp.filters import (
    GROUP,
    WINOGRAD_G,
    WORD,
    Filters,
    Int16Array,
    Int32Array,
    fill,
    filters_of,
    lanes,
    wrapped,
)
from qmcu.compile.kernel_sets.dsp.windows import Convolution, convolution
from qmcu.compile.kernel_sets.trailing import behind_bands
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.operators.window import WHOLE_ROWS, image_fields
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument

KERNEL = "conv_2d_winograd_rows_dsp"
_POSITIONS, _TILE = 6, 4
_SCALE = 24
_OWN = 88  # bytes of scratch beside values and pixels


def pack_winograd_rows(
    filters: Filters, input_zero_point: int
) -> tuple[Int16Array, Int32Array] | None:
    """For conv_2d_winograd_rows: transformed weights and constants int32 [filters, 4].

    `filters.weights` is [count, rows, 3, channels]; the weights are [fours of filters, positions
    from the last one, words, 4 filters, 2]. Exact mod 2^32 while 8 * |sum| < 2^31.
    """
    if filters.largest_sum >= 1 << 28:
        return None
    u = np.einsum("jb,fabc->fjac", WINOGRAD_G, filters.weights)
    u = fill(fill(u, GROUP), 4, axis=0).astype(np.int16)
    words = lanes(u.reshape(len(u) // 4, 4, _POSITIONS, -1)).reshape(
        len(u) // 4, 4, _POSITIONS, -1, 2
    )
    # The kernel's values are input + 128.
    bias = filters.bias - 128 * filters.flat.sum(axis=1)
    constants = wrapped((_SCALE * bias, filters.multipliers, filters.roundings, filters.shifts))
    packed = np.pad(constants, [(0, -len(constants) % 4), (0, 0)])
    return np.ascontiguousarray(words[:, :, ::-1].transpose(0, 2, 3, 1, 4)), packed


def trade_of(c: Convolution, together: int) -> Trade:
    """Beside two windows at a time, for all rows of a layer, `together` at a time, also where `c`
    has some of them alone.
    """
    batches, height, width, filters = c.target.shape
    rows = batches * c.context.integer(WHOLE_ROWS, height)
    values = int(c.weights[0].size)
    windows = Windows(rows, width, filters, c.vertical.kernel, c.vertical.stride, c.input_depth)
    flash = 96 * -(-filters // 4) * c.vertical.kernel * -(-c.input_depth // GROUP) * 4
    saved = windows.two_at_a_time - windows.along(together)
    return Trade(flash - filters * values, round(saved), "weights transformed along rows")


@dataclass(frozen=True)
class Windows:
    """Rows of outputs of windows 3 wide: what their kernels take, as counted on a Cortex-M4."""

    rows: int
    width: int
    filters: int
    kernel_height: int
    stride_height: int
    input_depth: int

    @property
    def two_at_a_time(self) -> float:
        """Instructions of conv_2d_rows_pair."""
        values, pixels = self.kernel_height * 3 * self.input_depth, self.rows * self.width
        return pixels * ((0.72 * values + 15) * self.filters + 2.7 * values)

    def along(self, together: int) -> float:
        """Instructions of conv_2d_winograd_rows."""
        tiles = self.rows * -(-self.width // _TILE)
        fours, steps = -(-self.filters // 4), self.kernel_height * -(-self.input_depth // GROUP)
        span = (self.kernel_height + (together - 1) * self.stride_height) / together
        laid_out = span * (84 * -(-self.input_depth // WORD) + 120)
        return tiles * (laid_out + fours * (_POSITIONS * (21 * steps + 14) + 260))


def winograd_rows(together: int, least: float) -> Lowering:
    """A lowering where that saves at least so many instructions a byte of flash."""

    def lower(context: OperatorContext) -> KernelCall | None:
        c = convolution(context)
        if c is None or c.kernel[1] != 3 or c.horizontal.stride != 1:
            return None
        # Words of other channels would be those behind the input, too.
        if c.input_depth % WORD or (together > 1 and c.target.shape[1] < together):
            return None
        trade = trade_of(c, together)
        if trade.saved <= 0 or trade.saved < least * trade.flash:
            return None
        call = _call(c, together)
        return None if call is None else replace(call, trade=str(trade))

    return lower


def _call(c: Convolution, together: int) -> KernelCall | None:
    filters, zero_point = filters_of(c.context, c.weights), quantization_of(c.source).zero_point
    packed = None if filters is None else pack_winograd_rows(filters, zero_point)
    if packed is None:
        return None
    parameters = (
        *image_fields(c.source, c.target),
        ("kernel_height", c.vertical.kernel),
        ("stride_height", c.vertical.stride),
        ("padding_top", c.vertical.padding),
        ("padding_left", c.horizontal.padding),
        ("input_zero_point", zero_point),
        ("together", together),
    )
    span = c.vertical.kernel + (together - 1) * c.vertical.stride
    groups = -(-c.input_depth // GROUP)
    scratch = _OWN + 96 * span * groups + _POSITIONS * c.input_depth
    call = c.context.call(
        KERNEL,
        (
            ParametersArgument(f"qmcu_{KERNEL}_params", parameters),
            c.context.operand(c.source),
            c.context.constant("weights", packed[0], "weights"),
            c.context.constant("filters", packed[1], "requantization"),
            ScratchArgument(scratch),
            c.context.operand(c.target),
        ),
        macs=c.macs,
    )
    return behind_bands(call, c.source, c.target, c.vertical, together)
