"""Weights, bias and requantization: what convolutions and fully connected layers share."""

import math
from collections.abc import Callable, Collection, Sequence

import numpy as np
import numpy.typing as npt

from qmcu.compile.lowering import Constraint, OperatorContext
from qmcu.compile.operators.checks import constant, multiplier_problem, rank
from qmcu.compile.plan import (
    ConstantArgument,
    FieldValue,
    KernelCall,
    ParametersArgument,
    ScratchArgument,
)
from qmcu.compile.requantize import activation_range, quantize_multiplier
from qmcu.model.graph import Quantization, Tensor
from qmcu.model.int4 import pack_int4

Multipliers = Callable[[OperatorContext], Sequence[float]]


def constant_weights(
    position: int, dimensions: int, axis: int, dtypes: Collection[str] = ("int8", "int4")
) -> tuple[Constraint, ...]:
    """The weights are constants, quantized per tensor or per channel along `axis`."""

    def check(context: OperatorContext) -> str | None:
        tensor = context.input(position)
        quantization = tensor.quantization
        if quantization is None or not quantization.scales:
            return f"weights {tensor.name} have no quantization"
        if tensor.elements < 1:
            return f"weights {tensor} have no elements"
        if quantization.per_channel and quantization.axis != axis:
            return (
                f"weights {tensor.name} are quantized along dimension {quantization.axis}, "
                f"{axis} is needed"
            )
        return _quantization_problem(tensor, quantization, tensor.shape[axis])

    return (
        constant(position, "weights", dtypes),
        rank("weights", lambda context: context.input(position), dimensions, dimensions),
        Constraint(
            f"weights quantized per tensor or along dimension {axis}; their zero point is taken as "
            "0, as the interpreter does (in FULLY_CONNECTED one of a whole tensor counts)",
            check,
        ),
    )


def _quantization_problem(tensor: Tensor, quantization: Quantization, channels: int) -> str | None:
    if quantization.per_channel and len(quantization.scales) != channels:
        count = len(quantization.scales)
        return f"weights {tensor.name} have {count} scales for {channels} channels"
    for scale in quantization.scales:
        if not (math.isfinite(scale) and scale >= 0):
            return f"weights {tensor.name} have scale {scale}, a finite number is needed"
    return None


def constant_bias(
    position: int, weights: int, axis: int, dtypes: Collection[str] = ("int32",)
) -> tuple[Constraint, ...]:
    """The bias, if there is one, is constant with one value per output channel.

    The output channels are dimension `axis` of the input at `weights`.
    """

    def check(context: OperatorContext) -> str | None:
        tensor = context.optional_input(position)
        channels = context.input(weights).shape[axis]
        if tensor is None or tensor.elements == channels:
            return None
        return f"bias {tensor} has {tensor.elements} values for {channels} output channels"

    return (
        constant(position, "bias", dtypes),
        Constraint("bias, if any, has one value per output channel", check),
    )


def channel_multipliers(context: OperatorContext, position: int = 0) -> list[float]:
    """Real multipliers, one per scale of the weights: input * weights / output, in double.

    The input is the operand at `position`, the weights are the one at 1.
    """
    source = quantization_of(context.input(position)).scale
    target = quantization_of(context.output()).scale
    return [source * scale / target for scale in quantization_of(context.input(1)).scales]


def multipliers_in_range(multipliers: Multipliers = channel_multipliers) -> Constraint:
    """Every real requantization multiplier has an exact fixed-point form."""

    def check(context: OperatorContext) -> str | None:
        problems = (multiplier_problem(real) for real in multipliers(context))
        return next((problem for problem in problems if problem is not None), None)

    return Constraint("input scale * weights scale / output scale less than 2^29", check)


def quantization_of(tensor: Tensor) -> Quantization:
    """The quantization of a tensor that was checked to have one."""
    assert tensor.quantization is not None
    return tensor.quantization


def requantization(
    context: OperatorContext, reals: Sequence[float]
) -> tuple[tuple[tuple[str, FieldValue], ...], tuple[ConstantArgument, ConstantArgument]]:
    """The parameter fields and constants that turn accumulators into output bytes.

    One multiplier and shift serve all channels when all are equal.
    """
    pairs = [quantize_multiplier(real) for real in reals]
    if len(set(pairs)) == 1:
        pairs = pairs[:1]
    target = quantization_of(context.output())
    activation = context.text("fused_activation_function", "NONE")
    low, high = activation_range(activation, target.scale, target.zero_point)
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("output_zero_point", target.zero_point),
        ("activation_minimum", low),
        ("activation_maximum", high),
        ("requantization_step", int(len(pairs) > 1)),
    )
    multipliers = np.array([multiplier for multiplier, _ in pairs], np.int32)
    shifts = np.array([shift for _, shift in pairs], np.int8)
    return fields, (
        context.constant("multipliers", multipliers, "requantization"),
        context.constant("shifts", shifts, "requantization"),
    )


def bias_values(bias: Tensor | None, channels: int) -> npt.NDArray[np.int32]:
    """The bias as int32[channels]; zeros when there is none."""
    if bias is None:
        return np.zeros(channels, np.int32)
    values: npt.NDArray[np.int32] = bias.array.reshape(channels).astype(np.int32)
    return values


def has_int4_weights(context: OperatorContext) -> bool:
    """True when the operator's weights (its input 1) are packed int4."""
    weights = context.optional_input(1)
    return weights is not None and weights.dtype == "int4"


def portable_call(
    context: OperatorContext,
    kernel: str,
    filters: npt.NDArray[np.int8],
    parameters: Sequence[tuple[str, FieldValue]],
    *,
    bias: npt.NDArray[np.int32],
    constants: Sequence[ConstantArgument],
    macs: int,
) -> KernelCall:
    """The call of the portable int8 kernel, or of its int4 form.

    `filters` is int8 [output channels, ...]. int4 weights are packed, each filter from a whole
    byte on; scratch holds the one filter that the kernel has unpacked.
    """
    weights = context.input(1).array
    scratch: tuple[ScratchArgument, ...] = ()
    if has_int4_weights(context):
        kernel += "_int4"
        flat = filters.reshape(len(filters), -1)
        weights, scratch = pack_int4(flat), (ScratchArgument(flat.shape[1]),)
    return context.call(
        kernel,
        (
            ParametersArgument(f"qmcu_{kernel}_params", tuple(parameters)),
            context.operand(context.input(0)),
            context.constant("weights", weights, "weights"),
            context.constant("bias", bias, "bias"),
            *constants,
            *scratch,
            context.operand(context.output()),
        ),
        macs=macs,
    )


def folded_bias(
    bias: Tensor | None, weights: npt.NDArray[np.int8], zero_point: int
) -> npt.NDArray[np.int32]:
    """bias - zero_point * (sum of the channel's weights), modulo 2^32.

    `weights` has the output channel first: int8[channels, ...]. The device accumulates modulo
    2^32 too, so moving the zero point out of the sum changes no output.
    """
    channels = weights.shape[0]
    sums = weights.reshape(channels, -1).sum(axis=1, dtype=np.int64)
    exact = bias_values(bias, channels).astype(np.int64) - zero_point * sums
    folded: npt.NDArray[np.int32] = exact.astype(np.int32)
    return folded
