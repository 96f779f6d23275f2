"""FULLY_CONNECTED."""

import math

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.weights import (
    bias_values,
    channel_multipliers,
    constant_bias,
    constant_weights,
    folded_bias,
    has_int4_weights,
    multipliers_in_range,
    portable_call,
    quantization_of,
    requantization,
)
from qmcu.compile.plan import KernelCall, ParametersArgument


def _format_problem(context: OperatorContext) -> str | None:
    form = context.text("weights_format", "DEFAULT")
    return None if form == "DEFAULT" else f"weights format {form}, DEFAULT is needed"


def _shape_problem(context: OperatorContext) -> str | None:
    source, weights, target = context.input(0), context.input(1), context.output()
    outputs, depth = weights.shape
    if source.elements % depth:
        return f"input {source} is no multiple of the weights' {depth} columns"
    if not target.shape or target.shape[-1] != outputs:
        return f"output {target} must have {outputs} as its last dimension"
    if target.elements != source.elements // depth * outputs:
        return f"output {target} does not match input {source} and weights {weights}"
    return None


def _bias_scale_problem(context: OperatorContext) -> str | None:
    bias, weights = context.optional_input(2), quantization_of(context.input(1))
    if bias is None or weights.per_channel:
        return None
    scale = bias.quantization.scale if bias.quantization and bias.quantization.scales else 0.0
    wanted = quantization_of(context.input(0)).scale * weights.scale
    if abs(wanted - scale) / quantization_of(context.output()).scale <= 0.02:
        return None
    return f"bias {bias.name} has scale {scale:.6g}, input scale * weights scale is {wanted:.6g}"


def _int4_problem(context: OperatorContext) -> str | None:
    weights = context.input(1)
    if not has_int4_weights(context) or not quantization_of(weights).per_channel:
        return None
    count = len(quantization_of(weights).scales)
    return (
        f"int4 weights {weights.name} have {count} scales, 1 is needed: the interpreter takes int4 "
        "per tensor only here"
    )


def has_offset(context: OperatorContext) -> bool:
    """Whether the weights' zero point counts: only where they have one scale."""
    grid = quantization_of(context.input(1))
    return not grid.per_channel and grid.zero_point != 0


def _offset_problem(context: OperatorContext) -> str | None:
    if not has_offset(context):
        return None
    return f"weights {context.input(1).name} have one scale and a zero point"


# What the usual kernels need; others subtract the zero point.
SYMMETRIC = Constraint("weights of one scale have zero point 0", _offset_problem)


def _computed_problem(context: OperatorContext) -> str | None:
    weights, bias = context.input(1), context.optional_input(2)
    grid = weights.quantization
    if len(weights.shape) != 2 or weights.elements < 1:
        return f"weights {weights} have not 2 dimensions"
    if grid is None or grid.per_channel or not 0 <= grid.scale < math.inf:
        return f"weights {weights.name} have not one scale"
    if weights.dtype != "int8" and not (weights.is_constant and weights.dtype == "int4"):
        return f"weights {weights} are not int8"
    if bias is not None and (bias.dtype, bias.elements) != ("int32", weights.shape[0]):
        return f"bias {bias} is not {weights.shape[0]} int32"
    return None


def _lower_offset(context: OperatorContext) -> KernelCall:
    source, weights, bias = context.input(0), context.input(1), context.optional_input(2)
    outputs, depth = weights.shape
    fields, (multipliers, shifts) = requantization(context, channel_multipliers(context))
    parameters = (
        ("batches", source.elements // depth),
        ("input_depth", depth),
        ("output_depth", outputs),
        ("input_zero_point", quantization_of(source).zero_point),
        ("weights_zero_point", quantization_of(weights).zero_point),
        *(field for field in fields if field[0] != "requantization_step"),
    )
    return context.call(
        "fully_connected_offset",
        (
            ParametersArgument("qmcu_fully_connected_offset_params", parameters),
            context.operand(source),
            context.constant("weights", weights.array, "weights")
            if weights.is_constant
            else context.operand(weights),
            context.constant("bias", bias_values(bias, outputs), "bias")
            if bias is None or bias.is_constant
            else context.operand(bias),
            multipliers,
            shifts,
            context.operand(context.output()),
        ),
        macs=source.elements * outputs,
    )


def _lower(context: OperatorContext) -> KernelCall:
    source, weights = context.input(0), context.input(1)
    outputs, depth = weights.shape
    bias = folded_bias(context.optional_input(2), weights.array, quantization_of(source).zero_point)
    fields, constants = requantization(context, channel_multipliers(context))
    parameters = (
        ("batches", source.elements // depth),
        ("input_depth", depth),
        ("output_depth", outputs),
        *fields,
    )
    return portable_call(
        context,
        "fully_connected",
        weights.array,
        parameters,
        bias=bias,
        constants=constants,
        macs=source.elements * outputs,
    )


# What the operator needs of its shapes and options, in every type.
ROWS = (
    Constraint("weights in the default format", _format_problem),
    Constraint(
        "input is a number of rows as long as the weights', output has a row for each",
        _shape_problem,
    ),
)
# The same, and of its scales where they are integers.
SHAPES = (
    *ROWS,
    Constraint(
        "bias scale = input scale * weights scale when quantized per tensor",
        _bias_scale_problem,
    ),
)

SUPPORT = (
    OperatorSupport(
        kind="FULLY_CONNECTED",
        kernel="fully_connected",
        constraints=(
            checks.operands(2, 1),
            checks.int8(0),
            *constant_weights(1, 2, 0),
            SYMMETRIC,
            Constraint("int4 weights quantized per tensor", _int4_problem),
            *constant_bias(2, 1, 0),
            *SHAPES,
            checks.fused_activation(),
            multipliers_in_range(),
        ),
        lower=_lower,
    ),
    OperatorSupport(
        kind="FULLY_CONNECTED",
        kernel="fully_connected_offset",
        constraints=(
            checks.operands(2, 1),
            checks.int8(0),
            Constraint(
                "weights of one scale, int8 or constant int4, which have a zero point or are "
                "computed; a bias of int32 or none",
                _computed_problem,
            ),
            *SHAPES,
            checks.fused_activation(),
            multipliers_in_range(),
        ),
        lower=_lower_offset,
        stands_alone=True,
    ),
)
