"""Lowerings for the vector extension MVE (Cortex-M55, M85): VMLADAVA on packed weights."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from qmcu.compile.kernel_sets import (
    mve_elementwise,
    mve_reals,
    mve_transposed,
    phases,
    products,
)
from qmcu.compile.kernel_sets.addition import plain_sum, sum_call
from qmcu.compile.kernel_sets.depthwise import of_one_channel
from qmcu.compile.kernel_sets.grouped import has_groups
from qmcu.compile.kernel_sets.mve_blocks import lower_blocks, lower_blocks_alone
from qmcu.compile.kernel_sets.mve_depthwise import (
    lower_depthwise_3x3,
    lower_narrow_3x3,
    lower_planes,
    lower_planes_alone,
    lower_taps,
)
from qmcu.compile.kernel_sets.mve_packing import (
    LANES,
    Int8Array,
    Int32Array,
    biases_and_scales,
    pack_all_rows,
    pack_any,
    pack_filters,
    pack_fours,
    pack_int4_pairs,
    pack_int4_rows,
    pack_pairs,
    pack_ragged,
)
from qmcu.compile.kernel_sets.mve_requantization import (
    channel_constants,
    channel_pairs,
    channel_records,
    multiply_fields,
    output_fields,
)
from qmcu.compile.kernel_sets.trailing import behind_rows, behind_windows
from qmcu.compile.kernel_sets.whole_window import of_whole_window
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import (
    channel_multipliers,
    folded_bias,
    quantization_of,
)
from qmcu.compile.operators.window import (
    Axis,
    Fields,
    axes,
    sliding_window,
)
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument
from qmcu.model.graph import Tensor

_FEW = 3  # filters that are multiplied one after the other
_MOST_FILTERS = 16384  # four pixels of them within offsets of two bytes
_SMALL_SCRATCH = 4096  # bytes that a convolution may always take to save time


def _outputs(fields: Fields) -> Fields:
    """Of `multiply_fields` those of qmcu_any_mve_outputs: the others are in a layer's shapes."""
    names = ("form", "zero_point", "minimum", "maximum")
    known = {name.rpartition(".")[2]: value for name, value in fields}
    return tuple((f"outputs.{name}", known[name]) for name in names)


def output_fits_over_input(vertical: Axis, shape: Sequence[int], row_bytes: int) -> bool:
    """Whether rows of the output, of `row_bytes`, never reach a row of the input not yet read.

    The input has the NHWC `shape`; a row of the output is written when its window was read.
    """
    batches, height, width, depth = shape
    for row in range(vertical.output):
        read = row * vertical.stride - vertical.padding + vertical.kernel
        if read < height and (row + 1) * row_bytes > read * width * depth:
            return False
    return batches == 1


def _window_scratch(vertical: Axis, horizontal: Axis, depth: int) -> int:
    """Bytes of scratch of conv_2d_mve."""
    width = (horizontal.output - 1) * horizontal.stride + horizontal.kernel
    overlap = vertical.kernel > vertical.stride
    slide = (vertical.output - 1) * vertical.stride if overlap else 0
    values = vertical.kernel * horizontal.kernel * depth
    staged = 3 * LANES * -(-values // LANES) if horizontal.output % 4 else 0
    return (width * vertical.kernel + slide) * depth + LANES + staged


def _windows_fit(vertical: Axis, horizontal: Axis, source: Tensor, target: Tensor) -> bool:
    """Whether conv_2d_mve can be used: it has no dilation and may need too much scratch."""
    limit = max(_SMALL_SCRATCH, (source.elements + target.elements) // 8)
    scratch = _window_scratch(vertical, horizontal, source.shape[3])
    return vertical.dilation == horizontal.dilation == 1 and scratch <= limit


def lower_few(context: OperatorContext) -> KernelCall | None:
    """CONV_2D 1x1 of one to three filters, which pairs of filters would fill up for each pixel.

    Not of two with whole vectors: a pair of these is multiplied where the pixels lie as well.
    """
    source, target, weights = context.input(0), context.output(), context.input(1)
    depth, filters = source.shape[3], target.shape[3]
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    strides = (vertical.stride, horizontal.stride)
    if weights.shape[1:] != (1, 1, depth) or strides != (1, 1) or source.is_constant:
        return None
    if filters > _FEW or (filters == 2 and depth % LANES == 0):
        return None
    bias = folded_bias(context.optional_input(2), weights.array, quantization_of(source).zero_point)
    channels = channel_records(channel_pairs(channel_multipliers(context), filters), bias)
    fields: Fields = (
        ("pixels", source.elements // depth),
        ("depth", depth),
        ("filters", filters),
        *output_fields(context),
    )
    call = context.call(
        "conv_1x1_few_mve",
        (
            ParametersArgument("qmcu_conv_1x1_few_mve_params", fields),
            context.operand(source),
            context.constant(
                "weights", pack_filters(weights.array.reshape(filters, -1)), "weights"
            ),
            context.constant("channels", channels, "requantization"),
            context.operand(target),
        ),
        macs=target.elements * depth,
        may_overlay=((source.index, target.index),) if filters == 1 else (),
    )
    return replace(call, overread=-depth % LANES)


def _in_fours(context: OperatorContext) -> bool:
    """Whether filters are multiplied four at a time, which knows no shift to the left."""
    shifts = [shift for _, shift in channel_pairs(channel_multipliers(context), 1)]
    return context.output().shape[3] % 4 == 0 and max(shifts) <= -1


def lower_conv_2d(context: OperatorContext, *, by_rows: bool = True) -> KernelCall | None:
    """CONV_2D without groups; filters in fours where they are, and no shift is to the left."""
    if _in_fours(context):
        return _conv_2d(context, "conv_2d_four_mve", pack_fours, by_rows=by_rows)
    return _conv_2d(context, "conv_2d_mve", pack_pairs, by_rows=by_rows)


def lower_windows(context: OperatorContext) -> KernelCall | None:
    """The same by laying out four windows at a time: less scratch than rows of many pixels."""
    return lower_conv_2d(context, by_rows=False)


def lower_ragged(context: OperatorContext, *, by_rows: bool = True) -> KernelCall | None:
    """CONV_2D of filters in fours that are not filled up to whole vectors."""
    weights = context.input(1)
    if not _in_fours(context):
        return None
    return _conv_2d(
        context, "conv_2d_ragged_mve", pack_ragged, by_rows=by_rows, left=_left(weights)
    )


def lower_ragged_windows(context: OperatorContext) -> KernelCall | None:
    """The same by laying out four windows at a time."""
    return lower_ragged(context, by_rows=False)


def lower_any(context: OperatorContext, *, by_rows: bool = True) -> KernelCall | None:
    """CONV_2D of any number of filters that are not filled up; those in fours are faster ragged."""
    weights = context.input(1)
    if _in_fours(context):
        return None
    return _conv_2d(context, "conv_2d_any_mve", pack_any, by_rows=by_rows, left=_left(weights))


def lower_any_windows(context: OperatorContext) -> KernelCall | None:
    """The same by laying out four windows at a time."""
    return lower_any(context, by_rows=False)


def _left(weights: Tensor) -> int:
    """How many values of a filter stand before whole vectors, 1 to 16."""
    return (weights.size // weights.shape[0] - 1) % LANES + 1


def lower_conv_2d_int4(context: OperatorContext) -> KernelCall | None:
    """The same with int4 weights, which stay packed."""
    return _conv_2d(context, "conv_2d_int4_mve", pack_int4_pairs)


def _conv_2d(
    context: OperatorContext,
    name: str,
    pack: Callable[[Int8Array, Int32Array, Sequence[tuple[int, int]]], Int32Array],
    *,
    by_rows: bool = True,
    left: int = 0,
) -> KernelCall | None:
    """The call of kernel `name`; `left` values are those of a filter that is not filled up."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    depth, filters = source.shape[3], target.shape[3]
    if weights.shape[3] != depth or source.is_constant or filters > _MOST_FILTERS:
        return None
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    pointwise = weights.shape[1:3] == (1, 1) and (vertical.stride, horizontal.stride) == (1, 1)
    windows = by_rows and _windows_fit(vertical, horizontal, source, target)
    values = weights.array.transpose(0, 2, 1, 3) if windows and not pointwise else weights.array
    values = values.reshape(filters, -1)
    zero_point = quantization_of(source).zero_point
    bias = folded_bias(context.optional_input(2), weights.array, zero_point)
    pairs = channel_pairs(channel_multipliers(context), filters)
    # Backward, a deeper output never reaches pixels that are still to be read.
    backward = pointwise and filters > depth
    if pointwise:
        kernel, scratch, over = f"{name}_pointwise", 4 * depth + LANES, True
        shape: Fields = (
            ("pixels", source.elements // depth),
            ("input_depth", depth),
            ("backward", int(backward)),
        )
    else:
        kernel = name if windows else f"{name}_columns"
        scratch, over = 4 * (values.shape[1] + -values.shape[1] % LANES), False
        if windows:
            scratch = _window_scratch(vertical, horizontal, depth)
            over = output_fits_over_input(vertical, source.shape, target.shape[2] * filters)
        shape = (
            *sliding_window(source, target, vertical, horizontal),
            ("input_zero_point", zero_point),
        )
    outputs = multiply_fields(context, values, pairs, left)
    if pack is pack_any and not pointwise:
        outputs = _outputs(multiply_fields(context, values, pairs))
    call = context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", (*shape, *outputs)),
            context.operand(source),
            context.constant("weights", pack(values, bias, pairs), "weights"),
            ScratchArgument(scratch),
            context.operand(target),
        ),
        macs=target.elements * values.shape[1],
        may_overlay=((source.index, target.index),) if over else (),
    )
    if pointwise:
        return replace(call, overlay_grows=backward)
    if windows:
        return behind_rows(call, source, target, vertical)
    return behind_windows(call, source, target, (vertical, horizontal), 4)


def lower_groups(context: OperatorContext) -> KernelCall | None:
    """CONV_2D with groups of channels, one after the other."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    if source.is_constant or not has_groups(context):
        return None
    groups = source.shape[3] // weights.shape[3]
    filters, count = weights.array.reshape(weights.shape[0], -1), weights.shape[0] // groups
    if count > _MOST_FILTERS:
        return None
    zero_point = quantization_of(source).zero_point
    bias = folded_bias(context.optional_input(2), weights.array, zero_point)
    pairs = channel_pairs(channel_multipliers(context), len(filters))
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    shape: Fields = (
        *sliding_window(source, target, vertical, horizontal),
        ("input_zero_point", zero_point),
        *_outputs(multiply_fields(context, filters[:count], pairs)),
    )
    parameters = (*((f"shape.{name}", value) for name, value in shape), ("groups", groups))
    return context.call(
        "conv_2d_groups_mve",
        (
            ParametersArgument("qmcu_conv_2d_groups_mve_params", parameters),
            context.operand(source),
            context.constant("weights", pack_any(filters, bias, pairs, groups), "weights"),
            ScratchArgument(4 * (filters.shape[1] + count) + LANES),
            context.operand(target),
        ),
        macs=target.elements * filters.shape[1],
    )


def lower_fully_connected(context: OperatorContext) -> KernelCall | None:
    """FULLY_CONNECTED of any batch, rows filled up to whole vectors."""
    filled = pack_filters(context.input(1).array)
    return _fully_connected(context, "fully_connected_mve", filled.shape[1], pack_all_rows(filled))


def lower_unfilled(context: OperatorContext) -> KernelCall | None:
    """The same with rows as they are: up to 15 bytes less a row, 9 instructions more for four."""
    rows = context.input(1).array
    return _fully_connected(context, "fully_connected_mve", rows.shape[1], pack_all_rows(rows))


def lower_fully_connected_int4(context: OperatorContext) -> KernelCall | None:
    """The same with int4 weights, which stay packed."""
    packed = pack_int4_rows(context.input(1).array)
    values = packed.shape[1] * LANES
    return _fully_connected(context, "fully_connected_int4_mve", values, packed)


def _fully_connected(
    context: OperatorContext, kernel: str, values: int, packed: Int8Array
) -> KernelCall | None:
    """The call of a kernel whose `packed` rows have so many values."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    if source.is_constant:
        return None
    outputs, inputs = weights.shape
    bias = folded_bias(context.optional_input(2), weights.array, quantization_of(source).zero_point)
    channels = channel_constants(channel_multipliers(context), bias)
    if channels is None:
        return None
    shared = len({*map(tuple, channels[:, 1:])}) == 1
    parameters = (
        ("batches", source.elements // inputs),
        ("input_depth", inputs),
        ("values", values),
        ("output_depth", outputs),
        ("scales_step", 0 if shared else 32),
        *output_fields(context),
    )
    call = context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", parameters),
            context.operand(source),
            context.constant("weights", packed, "weights"),
            context.constant("channels", biases_and_scales(channels, shared), "requantization"),
            context.operand(target),
        ),
        macs=target.elements * inputs,
    )
    # What lies behind the input meets weights that are zero.
    return replace(call, overread=values - inputs)


def lower_add(context: OperatorContext) -> KernelCall | None:
    """ADD of two inputs of the output's shape."""
    terms = plain_sum(context, 31)
    if terms is None:
        return None
    parameters = (
        *terms.fields,
        ("left_shift", 20 + terms.doubled),
        ("multiplier", terms.multiplier),
        ("shift", terms.shift),
        ("output_multiplier", terms.output_multiplier),
        ("output_shift", terms.output_shift),
        *output_fields(context),
    )
    return sum_call(context, "add_mve", terms, parameters)


# What stands behind a form that fits too is taken where arena or constants are smaller by it.
CONVOLUTIONS: tuple[Lowering, ...] = (
    lower_few,
    lower_conv_2d,
    lower_windows,
    lower_ragged,
    lower_any,
    lower_ragged_windows,
    lower_any_windows,
)
_DENSE: tuple[Lowering, ...] = (lower_fully_connected, lower_unfilled)


def lowerings(optimize: str) -> dict[str, Sequence[Lowering]]:
    """Of this setting: `size` takes rows that are not filled up."""
    dense = _DENSE[::-1] if optimize == "size" else _DENSE
    others = products.lowerings("mve")
    return {
        "ADD": (lower_add, mve_elementwise.add),
        "CONV_2D": (*map(of_whole_window, dense), *CONVOLUTIONS),
        "DEPTHWISE_CONV_2D": (
            *of_one_channel((lower_conv_2d, lower_ragged, lower_any)),
            lower_blocks,
            lower_depthwise_3x3,
            lower_narrow_3x3,
            lower_planes,
            lower_taps,
            lower_planes_alone,
            lower_blocks_alone,
        ),
        "FULLY_CONNECTED": dense,
        **mve_elementwise.LOWERINGS,
        **mve_reals.LOWERINGS,
        **phases.before(others, *mve_transposed.FORMS),
        "RESIZE_BILINEAR": (mve_elementwise.resize_bilinear, *others["RESIZE_BILINEAR"]),
    }


# For int4 weights, which stay packed.
INT4_LOWERINGS: dict[str, Sequence[Lowering]] = {
    "CONV_2D": (of_whole_window(lower_fully_connected_int4), lower_conv_2d_int4),
    "FULLY_CONNECTED": (lower_fully_connected_int4,),
}
