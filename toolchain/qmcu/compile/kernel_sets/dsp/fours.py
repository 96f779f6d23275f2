"""Convolutions four windows at a time: filters packed for multiply_four, and the kernels' calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets import records
from qmcu.compile.kernel_sets.dsp.filters import (
    LARGEST_OF_PAIRS,
    STEEP,
    WORD,
    Filters,
    Int32Array,
    Int64Array,
    fill,
    filters_of,
)
from qmcu.compile.kernel_sets.dsp.windows import (
    Convolution,
    bytes_of_row,
    convolution,
    pixel_fields,
    row_fields,
    runs_backward,
    written_behind_reading,
)
from qmcu.compile.kernel_sets.trailing import behind_rows, behind_windows
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument


@dataclass(frozen=True)
class _ByFour:
    """How a kernel of four columns takes filters; as Form."""

    name: str
    pack: Callable[[Filters], Int32Array | None]
    least_shift: int = 1


def _four_pointwise(c: Convolution, form: _ByFour) -> KernelCall | None:
    filters = filters_of(c.context, c.weights, form.least_shift)
    packed = None if filters is None else form.pack(filters)
    fields = pixel_fields(c)
    if packed is None or fields is None:
        return None
    backward = runs_backward(c)
    words = -(-c.input_depth // WORD)
    kernel = f"conv_1x1_{form.name}_dsp"
    parameters = (*fields, ("output_depth", c.output_depth), ("backward", int(backward)),
                  ("words", words))  # fmt: skip
    call = c.context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            c.context.operand(c.source),
            c.context.constant("fours", packed, "weights"),
            ScratchArgument(6 * WORD * words),
            c.context.operand(c.target),
        ),
        macs=c.macs,
        # Four pixels are read before they are written, and each is written where it was or before.
        may_overlay=c.overlay(c.stride == (1, 1)),
    )
    call = replace(call, overread=-c.input_depth % WORD, overlay_grows=backward)
    return call if backward else behind_windows(call, c.source, c.target, c.axes, 4)


def _four_rows(c: Convolution, form: _ByFour) -> KernelCall | None:
    if c.vertical.stride > c.vertical.kernel:
        return None
    weights = rows_of_words(c.weights)
    filters = filters_of(c.context, weights, form.least_shift)
    packed = None if filters is None else form.pack(filters)
    if packed is None:
        return None
    row_bytes = bytes_of_row(c)
    words, last_words = words_of_rows(c.vertical.kernel, c.horizontal.kernel * c.input_depth)
    parameters = (*row_fields(c), ("words", words), ("last_words", last_words))
    kernel = f"conv_2d_rows_{form.name}_dsp"
    call = c.context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            c.context.operand(c.source),
            c.context.constant("fours", packed, "weights"),
            ScratchArgument(6 * weights.shape[1] + c.vertical.kernel * row_bytes + WORD),
            c.context.operand(c.target),
        ),
        macs=c.macs,
        may_overlay=c.overlay(written_behind_reading(c.source, c.target, c.vertical)),
    )
    return behind_rows(call, c.source, c.target, c.vertical)


def windows(context: OperatorContext) -> KernelCall | None:
    """As `plain` by windows, which are read where they lie: less scratch, more code."""
    c = convolution(context)
    if c is None:
        return None
    run = c.horizontal.kernel * c.input_depth
    words = -(-run // WORD)
    rows = c.weights.reshape(len(c.weights), c.vertical.kernel, run)
    padded = np.pad(rows, ((0, 0), (0, 0), (0, WORD * words - run)))
    filters = filters_of(context, padded.reshape(len(rows), -1))
    packed = None if filters is None else pack_fours(filters)
    if packed is None:
        return None
    *fields, _ = row_fields(c)
    kernel = "conv_2d_windows_four_dsp"
    beside = 3 * c.horizontal.stride * c.input_depth + run
    scratch = 6 * WORD * words * c.vertical.kernel + -(-beside // WORD) * WORD + WORD
    call = context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", (*fields, ("words", words))),
            context.operand(c.source),
            context.constant("fours", packed, "weights"),
            ScratchArgument(scratch),
            context.operand(c.target),
        ),
        macs=c.macs,
    )
    call = replace(call, overread=-run % WORD)
    # One window at a time would be the furthest behind.
    return behind_windows(call, c.source, c.target, c.axes, 1)


def column(context: OperatorContext) -> KernelCall | None:
    """As `plain` of windows one column wide, gathered: rows of one value to three are no words."""
    c = convolution(context)
    if c is None or c.horizontal.kernel > 1 or c.horizontal.padding:
        return None
    values = c.vertical.kernel * c.input_depth
    words = -(-values // WORD)
    row, last = words_of_rows(c.vertical.kernel, c.input_depth)
    outside = (c.target.shape[2] - 1) * c.horizontal.stride >= c.source.shape[2]
    if words >= c.vertical.kernel * row + last or outside:
        return None
    filters = filters_of(context, c.weights.reshape(len(c.weights), values))
    packed = None if filters is None else pack_fours(filters)
    if packed is None:
        return None
    _, height, width, depth = c.target.shape
    column_bytes = ((height - 1) * c.vertical.stride + c.vertical.kernel) * c.input_depth
    parameters = (
        ("batches", c.source.shape[0]),
        *zip(("input_height", "input_width", "input_depth"), c.source.shape[1:], strict=True),
        ("output_height", height),
        ("output_width", width),
        ("output_depth", depth),
        ("stride_height", c.vertical.stride),
        ("stride_width", c.horizontal.stride),
        ("padding_top", c.vertical.padding),
        ("input_zero_point", quantization_of(c.source).zero_point),
        ("column_bytes", column_bytes),
        ("words", words),
    )
    kernel = "conv_2d_column_four_dsp"
    return c.context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            c.context.operand(c.source),
            c.context.constant("fours", packed, "weights"),
            ScratchArgument(6 * WORD * words + column_bytes + WORD - 1),
            c.context.operand(c.target),
        ),
        macs=c.macs,
    )


def pack_fours(filters: Filters) -> Int32Array | None:
    """For multiply_four: int32 [pairs, 8 + 2 * words], as multiply_four_dsp.h has them."""
    if filters.largest_sum >= LARGEST_OF_PAIRS:
        return None
    return _fours(filters, (filters.multipliers, filters.roundings, filters.shifts))


def pack_fours_small(filters: Filters) -> Int32Array | None:
    """For multiply_four_small: int32 [pairs, 6 + 2 * words]."""
    if filters.largest_sum >= LARGEST_OF_PAIRS:
        return None
    zero_point = np.int64(2 * filters.zero_point + 1)
    return _fours(filters, (filters.multipliers, filters.shifts | zero_point << 8))


def pack_fours_steep(filters: Filters) -> Int32Array | None:
    """As pack_fours, for multiply_four_steep."""
    steep = filters.steep
    if steep is None or filters.largest_sum >= LARGEST_OF_PAIRS:
        return None
    shifts = steep.shifts | steep.left << 8
    return _fours(filters, (filters.multipliers, steep.roundings, shifts))


def _fours(filters: Filters, scale: Sequence[Int64Array]) -> Int32Array:
    weights = fill(fill(filters.flat, WORD), 2, axis=0)
    pairs = len(weights) // 2
    # The lower value of each two in a halfword has 128 more.
    first = 257 * filters.bias - 128 * filters.flat.sum(axis=1)
    scaling = np.stack(scale, axis=1)
    words = weights.astype(np.int8).view("<i4").reshape(pairs, 2, -1).swapaxes(1, 2)
    parts = (
        records.wrap(fill(first, 2).reshape(pairs, 2)),
        words.reshape(pairs, -1),
        records.wrap(fill(scaling, 2, axis=0).reshape(pairs, -1)),
    )
    return np.ascontiguousarray(np.concatenate(parts, axis=1).astype(np.int32))


def rows_of_words(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """int8 [F, kh, kw, C] to [F, values], each row filled up to words.

    Of rows of words and one value more these last values come behind all words, by themselves.
    """
    count, height, width, depth = weights.shape
    rows = weights.reshape(count, height, width * depth)
    words, last_words = words_of_rows(height, width * depth)
    if last_words:
        lasts = np.pad(rows[:, :, -1], ((0, 0), (0, WORD * last_words - height)))
        return np.concatenate([rows[:, :, :-1].reshape(count, -1), lasts], axis=1)
    return np.pad(rows, ((0, 0), (0, 0), (0, WORD * words - rows.shape[2]))).reshape(count, -1)


def words_of_rows(rows: int, values: int) -> tuple[int, int]:
    """Words of a row of a window, and of all rows' last values where these are by themselves."""
    words = -(-values // WORD)
    if rows > 1 and words > 1 and values % WORD == 1:
        return words - 1, -(-rows // WORD)
    return words, 0


def _by_four(form: _ByFour) -> Lowering:
    def lower(context: OperatorContext) -> KernelCall | None:
        c = convolution(context)
        if c is None:
            return None
        pointwise = c.kernel == (1, 1) and c.vertical.padding == 0
        return _four_pointwise(c, form) if pointwise else _four_rows(c, form)

    return lower


# Four windows at a time.
plain = _by_four(_ByFour("four", pack_fours))
_small = _by_four(_ByFour("four_small", pack_fours_small))
steep = _by_four(_ByFour("four_steep", pack_fours_steep, STEEP))


def small(context: OperatorContext) -> KernelCall | None:
    """As `plain` with a word less a filter, and what that costs."""
    call, other = _small(context), plain(context)
    if call is None or other is None:
        return call
    _, height, width, filters = context.output().shape
    flash, slower = other.constant_size - call.constant_size, 3 * filters * height * width // 4
    return replace(
        call,
        trade=f"roundings made of shifts: {flash:,} bytes less flash for about {slower:,} "
        "instructions more (estimated)",
    )
