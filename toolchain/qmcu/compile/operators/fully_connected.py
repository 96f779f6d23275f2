"""FULLY_CONNECTED."""

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.weights import (
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
from qmcu.compile.plan import KernelCall


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
            Constraint("int4 weights quantized per tensor", _int4_problem),
            *constant_bias(2, 1, 0),
            *SHAPES,
            checks.fused_activation(),
            multipliers_in_range(),
        ),
        lower=_lower,
    ),
)
