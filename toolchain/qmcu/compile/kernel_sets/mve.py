"""Lowerings for the vector extension MVE (Cortex-M55, M85): VMLADAVA on packed weights."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import (
    channel_multipliers,
    folded_bias,
    quantization_of,
)
from qmcu.compile.operators.window import Fields, axes, image_fields, window_fields
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument
from qmcu.compile.requantize import activation_range, quantize_multiplier

LANES = 16  # bytes in a vector

Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]


def channel_constants(reals: Sequence[float], bias: Int32Array) -> Int32Array | None:
    """qmcu_mve_channel of each filter, int32 [count, 3]: bias, multiplier, shift.

    None where a shift is not in [-31, -1]: the vector sequence rounds only such shifts right.
    """
    pairs = [quantize_multiplier(real) for real in reals]
    # A multiplier of 0 gives 0 with any shift.
    pairs = [pair if pair[0] else (0, -1) for pair in pairs]
    if any(not -31 <= shift <= -1 for _, shift in pairs):
        return None
    result = np.empty((len(bias), 3), np.int32)
    result[:, 0] = bias
    result[:, 1:] = pairs
    return result


def pack_filters(filters: Int8Array) -> Int8Array:
    """int8 [count, values] with the values filled up with zeros to whole vectors."""
    return np.pad(filters, ((0, 0), (0, -filters.shape[1] % LANES)))


def output_fields(context: OperatorContext) -> Fields:
    """The parameter fields of the output's zero point and clamp."""
    target = quantization_of(context.output())
    activation = context.text("fused_activation_function", "NONE")
    low, high = activation_range(activation, target.scale, target.zero_point)
    return (
        ("output_zero_point", target.zero_point),
        ("activation_minimum", low),
        ("activation_maximum", high),
    )


def lower_conv_2d(context: OperatorContext) -> KernelCall | None:
    """CONV_2D without groups."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    if weights.shape[3] != source.shape[3] or source.is_constant:
        return None
    zero_point = quantization_of(source).zero_point
    filters = weights.array.reshape(weights.shape[0], -1)
    bias = folded_bias(context.optional_input(2), weights.array, zero_point)
    channels = channel_constants(channel_multipliers(0, 1)(context), bias)
    if channels is None:
        return None
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    packed = pack_filters(filters)
    steps = packed.shape[1] // LANES
    pointwise = weights.shape[1:3] == (1, 1) and (vertical.stride, horizontal.stride) == (1, 1)
    direct = pointwise and filters.shape[1] % LANES == 0
    parameters = (
        *image_fields(source, target),
        *window_fields(vertical, horizontal),
        ("input_zero_point", zero_point),
        ("steps", steps),
        ("direct", int(direct)),
        *output_fields(context),
    )
    return context.call(
        "conv_2d_mve",
        (
            ParametersArgument("qmcu_conv_2d_mve_params", parameters),
            context.operand(source),
            context.constant("weights", packed, "weights"),
            context.constant("channels", channels, "requantization"),
            ScratchArgument(4 if direct else 4 * LANES * steps),
            context.operand(target),
        ),
        macs=target.elements * filters.shape[1],
    )


LOWERINGS: dict[str, Sequence[Lowering]] = {
    "CONV_2D": (lower_conv_2d,),
}
