"""CONV_2D and FULLY_CONNECTED of int16 with sums of 32 bits, four filters at a time.

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
from qmcu.compile.operators.products_s16 import is_wide
from qmcu.compile.operators.weights import channel_multipliers, quantization_of
from qmcu.compile.operators.window import axes, sliding_window
from qmcu.compile.plan import (
    Argument,
    FieldValue,
    KernelCall,
    ParametersArgument,
    ScratchArgument,
)
from qmcu.compile.requantize import activation_range, quantize_multiplier, reduce_multiplier

_GROUP = 4
# Right shifts of a 64-bit product that are a shift of the multiplier and the upper half.
_SHIFTS = range(16, 33)
Int32Array = npt.NDArray[np.int32]


def _multiplier(real: float) -> int | None:
    """Of 16 bits, shifted to the left: the upper half of a product with it is the result."""
    multiplier, shift = quantize_multiplier(real)
    right = 15 - shift
    if multiplier == 0:
        return 0
    return reduce_multiplier(multiplier) << (32 - right) if right in _SHIFTS else None


def _sums(
    context: OperatorContext, filters: npt.NDArray[np.int8]
) -> tuple[Int32Array, Int32Array] | None:
    """Bias and multiplier of each filter [count, values], filled up to fours; None if not exact."""
    if not is_wide(context) or context.input(0).is_constant:
        return None
    values = context.optional_input(2)
    bias = np.zeros(len(filters), np.int64)
    if values is not None:
        bias = values.array.reshape(-1).astype(np.int64)
    largest = (np.abs(filters.astype(np.int64)).sum(axis=1) << 15) + np.abs(bias)
    found = [_multiplier(real) for real in channel_multipliers(context)]
    multipliers = [m for m in found if m is not None]
    if len(multipliers) != len(found) or (largest >= 1 << 31).any():
        return None
    multipliers *= len(filters) // len(multipliers)
    fill = (0, -len(filters) % _GROUP)
    return (
        np.pad(bias, fill).astype(np.int32),
        np.pad(np.array(multipliers, np.int32), fill),
    )


def _packed(core: str, filters: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """As they are for vectors; for pairs of halfwords in fours, bytes 0, 2, 1 and 3 of a step.

    For single products the weights of four filters beside each other, those left as they are.
    """
    if core == "mve":
        return filters
    if core == "scalar":
        fours = len(filters) // _GROUP * _GROUP
        beside = filters[:fours].reshape(-1, _GROUP, filters.shape[1]).transpose(0, 2, 1)
        return np.concatenate([beside.reshape(-1), filters[fours:].reshape(-1)])
    return np.ascontiguousarray(pack_filters(filters, _GROUP)[..., [0, 2, 1, 3]])


def _call(
    context: OperatorContext,
    core: str,
    kernel: str,
    fields: tuple[tuple[str, FieldValue], ...],
    filters: npt.NDArray[np.int8],
    scratch: tuple[Argument, ...] = (),
) -> KernelCall | None:
    sums = _sums(context, filters)
    if sums is None:
        return None
    target = context.output()
    activation = context.text("fused_activation_function", "NONE")
    low, high = activation_range(activation, quantization_of(target).scale, 0, "int16")
    count, depth = filters.shape
    quads = {"depth": depth, "outputs": count, "activation_minimum": low,
             "activation_maximum": high}  # fmt: skip
    name = f"{kernel}_quads_{core}"
    parameters = (*fields, *((f"quads.{field}", value) for field, value in quads.items()))
    call = context.call(
        name,
        (
            ParametersArgument(f"qmcu_{name}_params", parameters),
            context.operand(context.input(0)),
            context.constant("weights", _packed(core, filters), "weights"),
            context.constant("bias", sums[0], "bias"),
            context.constant("multipliers", sums[1], "requantization"),
            *scratch,
            context.operand(target),
        ),
        macs=target.elements * depth,
    )
    return replace(call, overread=2 * (-depth % STEP) if core == "dsp" else 0)


def lowerings(core: str) -> Mapping[str, Sequence[Lowering]]:
    """Operator kind and types to the lowerings for `core`, dsp, mve or scalar."""

    def fully_connected(context: OperatorContext) -> KernelCall | None:
        weights = context.input(1)
        fields = (("batches", context.input(0).elements // weights.shape[1]),)
        return _call(context, core, "fully_connected_s16", fields, weights.array)

    def conv_2d(context: OperatorContext) -> KernelCall | None:
        source, weights = context.input(0), context.input(1)
        if weights.shape[3] != source.shape[3]:
            return None
        windows = axes(context, source.shape[1:3], weights.shape[1:3])
        fields = tuple(sliding_window(source, context.output(), *windows))
        filters = weights.array.reshape(weights.shape[0], -1)
        columns = 2 if core == "scalar" else 1
        scratch = ScratchArgument(2 * columns * -(-filters.shape[1] // _GROUP) * _GROUP)
        return _call(context, core, "conv_2d_s16", fields, filters, (scratch,))

    return {
        "CONV_2D int16": (of_whole_window(fully_connected), conv_2d),
        "FULLY_CONNECTED int16": (fully_connected,),
    }
