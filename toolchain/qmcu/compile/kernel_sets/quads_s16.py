"""Products of int16 with weights of int8 whose sums have 32 bits, four filters at a time.

The interpreter adds in 64 bits and rounds once. Where no sum leaves 32 bits and a result is the
upper half of sum times multiplier, one instruction rounds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets.dsp.general import STEP, pack_filters
from qmcu.compile.kernel_sets.whole_window import of_whole_window
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators import transpose_conv
from qmcu.compile.operators.products_s16 import EXACT_SHIFTS, is_wide
from qmcu.compile.operators.weights import channel_multipliers, quantization_of
from qmcu.compile.operators.window import (
    Fields,
    axes,
    image_fields,
    sliding_window,
    window_fields,
)
from qmcu.compile.plan import (
    Argument,
    FieldValue,
    KernelCall,
    ParametersArgument,
    ScratchArgument,
)
from qmcu.compile.requantize import activation_range, quantize_multiplier, reduce_multiplier

_GROUP = 4
_LARGEST = 1.05  # constants of transposed windows beside those of sums of 64 bits
_BEHIND = 16  # bytes behind a window that vectors of its channels may change
_HALFWORDS = [0, 2, 1, 3]  # the bytes of a step, as SXTB16 takes them
Int32Array = npt.NDArray[np.int32]


def _multiplier(real: float) -> int | None:
    """Of 16 bits, shifted to the left: the upper half of a product with it is the result."""
    multiplier, shift = quantize_multiplier(real)
    right = 15 - shift
    if multiplier == 0:
        return 0
    return reduce_multiplier(multiplier) << (32 - right) if right in EXACT_SHIFTS else None


def _sums(
    context: OperatorContext,
    filters: npt.NDArray[np.int8],
    source: int = 0,
    *,
    filled: bool,
    groups: int = 1,
) -> tuple[Int32Array, Int32Array] | None:
    """Bias and multiplier of each filter [count, values], `filled` up to fours; None if not exact.

    The input is the operand at `source`, the bias the one behind it and the weights. Of groups of
    filters the last is filled up.
    """
    bias_at = max(source + 1, 2)
    if not is_wide(context, bias_at) or context.input(source).is_constant:
        return None
    values = context.optional_input(bias_at)
    bias = np.zeros(len(filters), np.int64)
    if values is not None:
        bias = values.array.reshape(-1).astype(np.int64)
    largest = (np.abs(filters.astype(np.int64)).sum(axis=1) << 15) + np.abs(bias)
    found = [_multiplier(real) for real in channel_multipliers(context, source)]
    multipliers = [m for m in found if m is not None]
    if len(multipliers) != len(found) or (largest >= 1 << 31).any():
        return None
    multipliers *= len(filters) // len(multipliers)
    fill = (0, -(len(filters) // groups) % _GROUP if filled else 0)
    return (
        np.pad(bias, fill).astype(np.int32),
        np.pad(np.array(multipliers, np.int32), fill),
    )


def _packed(
    core: str, filters: npt.NDArray[np.int8], *, filled: bool = False
) -> npt.NDArray[np.int8]:
    """As they are for vectors; for pairs of halfwords in fours, bytes 0, 2, 1 and 3 of a step.

    One to three left of these lie by themselves, or, `filled`, are filled up to four. For single
    products the weights of four filters beside each other, those left as they are.
    """
    if core == "mve":
        return filters
    if core == "scalar":
        fours = len(filters) // _GROUP * _GROUP
        beside = filters[:fours].reshape(-1, _GROUP, filters.shape[1]).transpose(0, 2, 1)
        return np.concatenate([beside.reshape(-1), filters[fours:].reshape(-1)])
    if filled:
        return pack_filters(filters, _GROUP)[..., _HALFWORDS]
    fours = len(filters) // _GROUP * _GROUP
    groups = (filters[:fours], _GROUP), (filters[fours:], max(len(filters) - fours, 1))
    parts = [pack_filters(part, group)[..., _HALFWORDS].reshape(-1) for part, group in groups]
    return np.concatenate(parts)


def _packed_even(filters: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """As `_packed` for pairs of halfwords, of values filled up to twos: two behind the last step.

    Of four filters these lie as bytes 0 and 2, and 1 and 3, of words.
    """
    even = np.pad(filters, ((0, 0), (0, filters.shape[1] % 2)))
    steps = even.shape[1] // STEP * STEP
    parts = []
    for first in range(0, len(even), _GROUP):
        part = even[first : first + _GROUP]
        if steps:
            parts.append(_packed("dsp", part[:, :steps]).reshape(-1))
        last = part[:, steps:]
        beside = last.reshape(2, 2, -1).transpose(0, 2, 1) if len(part) == _GROUP else last
        parts.append(beside.reshape(-1))
    return np.concatenate(parts)


def _quads(context: OperatorContext, filters: npt.NDArray[np.int8], groups: int = 1) -> Fields:
    """The fields of qmcu_quads_s16 for filters [count, values], of one of so many groups."""
    return (
        ("quads.depth", filters.shape[1]),
        ("quads.outputs", filters.shape[0] // groups),
        *((f"quads.{name}", limit) for name, limit in _limits(context)),
    )


def _limits(context: OperatorContext) -> Fields:
    activation = context.text("fused_activation_function", "NONE")
    scale = quantization_of(context.output()).scale
    low, high = activation_range(activation, scale, 0, "int16")
    return ("activation_minimum", low), ("activation_maximum", high)


def _call(
    context: OperatorContext,
    core: str,
    kernel: str,
    fields: tuple[tuple[str, FieldValue], ...],
    filters: npt.NDArray[np.int8],
    scratch: tuple[Argument, ...] = (),
    groups: int = 1,
) -> KernelCall | None:
    sums = _sums(context, filters, filled=core == "mve", groups=groups)
    if sums is None:
        return None
    target = context.output()
    depth = filters.shape[1]
    name = f"{kernel}_quads_{core}"
    parameters = (*fields, *_quads(context, filters, groups))
    packed = [_packed(core, part).reshape(-1) for part in np.split(filters, groups)]
    call = context.call(
        name,
        (
            ParametersArgument(f"qmcu_{name}_params", parameters),
            context.operand(context.input(0)),
            context.constant("weights", np.concatenate(packed), "weights"),
            context.constant("bias", sums[0], "bias"),
            context.constant("multipliers", sums[1], "requantization"),
            *scratch,
            context.operand(target),
        ),
        macs=target.elements * depth,
    )
    return replace(call, overread=2 * (-depth % STEP) if core == "dsp" else 0)


def _phases(weights: npt.NDArray[np.int8], down: int, right: int) -> list[npt.NDArray[np.int8]]:
    """Filters [count, values] of each phase: every stride-th tap, from the last to the first."""
    phases = (weights[:, i::down, j::right] for i in range(down) for j in range(right))
    return [taps[:, ::-1, ::-1].reshape(len(weights), -1) for taps in phases]


def _depthwise_conv_2d(core: str) -> Lowering:
    name = f"depthwise_conv_2d_s16_quads_{core}"

    def lower(context: OperatorContext) -> KernelCall | None:
        """Output channel for input channel; the weights stay as they are."""
        source, weights, target = context.input(0), context.input(1), context.output()
        filters = np.moveaxis(weights.array, 3, 0).reshape(weights.shape[3], -1)
        sums = _sums(context, filters, filled=False)
        if sums is None or source.shape[3] != target.shape[3]:
            return None
        windows = axes(context, source.shape[1:3], weights.shape[1:3])
        parameters = (*sliding_window(source, target, *windows, 1), *_limits(context))
        return context.call(
            name,
            (
                ParametersArgument(f"qmcu_{name}_params", parameters),
                context.operand(source),
                context.constant("weights", weights.array, "weights"),
                context.constant("bias", sums[0], "bias"),
                context.constant("multipliers", sums[1], "requantization"),
                context.operand(target),
            ),
            macs=target.elements * filters.shape[1],
        )

    return lower


def _transpose_conv(core: str) -> Lowering:
    def lower(context: OperatorContext) -> KernelCall | None:
        source, weights, target = context.input(2), context.input(1), context.output()
        filters = weights.array.reshape(weights.shape[0], -1)
        strides = {axis.stride <= axis.kernel for axis in transpose_conv.windows(context)}
        fours = source.shape[3] % _GROUP == 0
        sums = _sums(context, filters, 2, filled=core == "dsp" and fours)
        if sums is None or strides != {True}:
            return None
        down, right = (axis.stride for axis in transpose_conv.windows(context))
        phases = _phases(weights.array, down, right)
        scratch: tuple[Argument, ...] = ()
        if core == "dsp" and not fours:
            name = "transpose_conv_s16_windows_dsp"
            packed = [_packed_even(phase) for phase in phases]
            most = max(phase.shape[1] for phase in phases)
            scratch = (ScratchArgument(2 * -(-most // _GROUP) * _GROUP),)
            pairs = len(filters) if quantization_of(weights).per_channel else 1
            before = weights.elements + 8 * len(filters) + 5 * pairs
            if sum(map(len, packed)) + 8 * len(filters) > _LARGEST * before:
                return None
        else:
            name = f"transpose_conv_s16_quads_{core}"
            packed = [_packed(core, phase, filled=True).reshape(-1) for phase in phases]
        image = tuple(f for f in image_fields(source, target) if f[0] != "output_depth")
        window = tuple(
            f for f in window_fields(*transpose_conv.windows(context)) if "dilation" not in f[0]
        )
        parameters = (*image, *window, *_quads(context, filters))
        call = context.call(
            name,
            (
                ParametersArgument(f"qmcu_{name}_params", parameters),
                context.operand(source),
                context.constant("weights", np.concatenate(packed), "weights"),
                context.constant("bias", sums[0], "bias"),
                context.constant("multipliers", sums[1], "requantization"),
                *scratch,
                context.operand(target),
            ),
            macs=source.elements * weights.elements // source.shape[3],
        )
        return replace(call, reads=(source.index,))

    return lower


def lowerings(core: str) -> Mapping[str, Sequence[Lowering]]:
    """Operator kind and types to the lowerings for `core`, dsp, mve or scalar."""

    def fully_connected(context: OperatorContext) -> KernelCall | None:
        weights = context.input(1)
        fields = (("batches", context.input(0).elements // weights.shape[1]),)
        return _call(context, core, "fully_connected_s16", fields, weights.array)

    def conv_2d(context: OperatorContext) -> KernelCall | None:
        source, weights = context.input(0), context.input(1)
        groups = source.shape[3] // weights.shape[3]
        windows = axes(context, source.shape[1:3], weights.shape[1:3])
        fields = tuple(sliding_window(source, context.output(), *windows))
        filters = weights.array.reshape(weights.shape[0], -1)
        columns = 2 if core == "scalar" else 1
        scratch = ScratchArgument(2 * columns * -(-filters.shape[1] // _GROUP) * _GROUP)
        if groups == 1:
            return _call(context, core, "conv_2d_s16", fields, filters, (scratch,))
        if weights.shape[1:3] == (1, 1) and not any(axis.padding for axis in windows):
            scratch = ScratchArgument(0)
        elif core == "mve":
            scratch = ScratchArgument(scratch.size + _BEHIND)
        fields = (*fields, ("groups", groups))
        return _call(context, core, "conv_2d_groups_s16", fields, filters, (scratch,), groups)

    transposed = (_transpose_conv(core),)
    return {
        "CONV_2D int16": (of_whole_window(fully_connected), conv_2d),
        **({} if core == "scalar" else {"DEPTHWISE_CONV_2D int16": (_depthwise_conv_2d(core),)}),
        "FULLY_CONNECTED int16": (fully_connected,),
        "TRANSPOSE_CONV int16": transposed,
        "TRANSPOSE_CONV int32+int16>int16": transposed,
    }
