"""SVDF: a fully connected layer over time, which remembers what its filters gave before."""

import math

import numpy as np

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.weights import folded_bias, quantization_of
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument
from qmcu.compile.requantize import quantize_multiplier

_INPUT, _FEATURES, _TIMES, _BIAS, _STATE = range(5)
# How far the interpreter lets the bias' scale be from that of the sums it is added to.
_BIAS_TOLERANCE = 1e-5
_BOUNDS = {"NONE": (0, 0.0, 0.0), "RELU": (1, 0.0, 0.0), "RELU6": (2, 0.0, 6.0),
           "RELU_N1_TO_1": (2, -1.0, 1.0)}  # fmt: skip


def _rank(context: OperatorContext) -> int:
    return context.integer("rank")


def _check_shapes(context: OperatorContext) -> str | None:
    source, features, times = (context.input(i) for i in (_INPUT, _FEATURES, _TIMES))
    bias, state, output = context.optional_input(_BIAS), context.input(_STATE), context.output()
    rank = _rank(context)
    if any(len(t.shape) != 2 for t in (source, features, times)):
        return f"input {source}, weights {features} and {times}: each needs 2 dimensions"
    (batches, depth), (filters, memory) = source.shape, times.shape
    if rank < 1 or filters % rank:
        return f"{filters} filters do not divide by the rank {rank}"
    wanted = (
        (features, (filters, depth)),
        (bias, (filters // rank,)),
        (state, (batches, filters * memory)),
        (output, (batches, filters // rank)),
    )
    for tensor, shape in wanted:
        if tensor is not None and tensor.shape != shape:
            return f"{tensor} has shape {tensor.shape}, {shape} is needed"
    return None


def _check_variable(context: OperatorContext) -> str | None:
    state = context.input(_STATE)
    return None if state.is_variable else f"state {state} is no variable"


def _scale(context: OperatorContext, position: int) -> np.float32:
    return np.float32(quantization_of(context.input(position)).scale)


def _multipliers(context: OperatorContext) -> tuple[float, float]:
    """From sums of features to the state and from sums over time to the output; in double."""
    output = np.float64(quantization_of(context.output()).scale)
    source, features, state, times = (
        np.float64(_scale(context, i)) for i in (_INPUT, _FEATURES, _STATE, _TIMES)
    )
    with np.errstate(all="ignore"):
        into = source * features / state
        out_of = state * times / output
    return float(into), float(out_of)


def _check_scales(context: OperatorContext) -> str | None:
    problems = (checks.multiplier_problem(real) for real in _multipliers(context))
    problem = next((problem for problem in problems if problem is not None), None)
    if problem is not None:
        return problem
    bias = context.input(_BIAS)
    scale = bias.quantization.scale if bias.quantization and bias.quantization.scales else 0.0
    wanted = float(_scale(context, _STATE) * _scale(context, _TIMES))
    if not (math.isfinite(scale) and abs(scale - wanted) < _BIAS_TOLERANCE):
        return f"bias {bias.name} has scale {scale:.3g}, state times time weights {wanted:.3g}"
    return None


def _sizes(context: OperatorContext) -> tuple[tuple[str, FieldValue], ...]:
    (batches, depth), (filters, memory) = context.input(_INPUT).shape, context.input(_TIMES).shape
    rank = _rank(context)
    return (
        ("batches", batches),
        ("units", filters // rank),
        ("rank", rank),
        ("input_depth", depth),
        ("memory", memory),
    )


def _macs(context: OperatorContext) -> int:
    (batches, depth), (filters, memory) = context.input(_INPUT).shape, context.input(_TIMES).shape
    return batches * filters * (depth + memory)


def _lower(context: OperatorContext) -> KernelCall:
    source, state, output = context.input(_INPUT), context.input(_STATE), context.output()
    features, times = context.input(_FEATURES), context.input(_TIMES)
    (into, into_shift), (out_of, out_of_shift) = map(quantize_multiplier, _multipliers(context))
    fields = (
        *_sizes(context),
        ("state_multiplier", into),
        ("state_shift", into_shift),
        ("state_zero_point", quantization_of(state).zero_point),
        ("output_multiplier", out_of),
        ("output_shift", out_of_shift),
        ("output_zero_point", quantization_of(output).zero_point),
    )
    units = context.output().shape[1]
    zero_points = (quantization_of(tensor).zero_point for tensor in (source, state))
    feature_bias, bias = (
        folded_bias(values, weights, zero_point)
        for values, weights, zero_point in zip(
            (None, context.input(_BIAS)),
            (features.array, times.array.reshape(units, -1)),
            zero_points,
            strict=True,
        )
    )
    arguments = (
        ParametersArgument("qmcu_svdf_params", fields),
        context.operand(source),
        context.constant("features", features.array, "weights"),
        context.constant("feature_bias", feature_bias, "bias"),
        context.constant("times", times.array, "weights"),
        context.constant("bias", bias, "bias"),
        context.operand(state),
        context.operand(output),
    )
    kernel = "svdf" if state.dtype == "int8" else "svdf_s16"
    return context.call(kernel, arguments, macs=_macs(context))


def _lower_real(context: OperatorContext) -> KernelCall:
    output, bias = context.output(), context.optional_input(_BIAS)
    bounds, low, high = _BOUNDS[context.text("fused_activation_function", "NONE")]
    limits: tuple[tuple[str, FieldValue], ...] = (
        ("bounds", bounds),
        ("activation_minimum", low),
        ("activation_maximum", high),
    )
    values = np.zeros(output.shape[1], np.float32) if bias is None else bias.array
    arguments = (
        ParametersArgument("qmcu_svdf_f32_params", (*_sizes(context), *limits)),
        context.operand(context.input(_INPUT)),
        context.constant("features", context.input(_FEATURES).array, "weights"),
        context.constant("times", context.input(_TIMES).array, "weights"),
        context.constant("bias", values, "bias"),
        context.operand(context.input(_STATE)),
        context.operand(output),
    )
    return context.call("svdf_f32", arguments, macs=_macs(context))


def _check_activation(context: OperatorContext) -> str | None:
    activation = context.text("fused_activation_function", "NONE")
    if activation in _BOUNDS:
        return None
    return f"fused activation {activation}, one of {', '.join(_BOUNDS)} is needed"


def _check_operands(context: OperatorContext) -> str | None:
    if len(context.operator.inputs) != 5 or len(context.operator.outputs) != 1:
        return "needs 5 inputs and 1 output"
    absent = [i for i in range(5) if i != _BIAS and context.optional_input(i) is None]
    return f"input {absent[0]} is absent" if absent else None


_SHAPES = (
    Constraint("shapes of input, weights, bias, state and output fit", _check_shapes),
    Constraint("the state is a variable", _check_variable),
)


def _support_quantized(kernel: str, state: str) -> OperatorSupport:
    constraints = (
        checks.operands(5),
        checks.int8(_INPUT),
        checks.types(state, _STATE, outputs=False),
        checks.constant(_FEATURES, "feature weights", ("int8",)),
        checks.constant(_TIMES, "time weights", (state,)),
        checks.constant(_BIAS, "bias", ("int32",)),
        *_SHAPES,
        checks.quantized(_FEATURES, _TIMES, _STATE, outputs=False),
        Constraint(
            "multipliers below 2^29; the bias' scale is state scale * time scale", _check_scales
        ),
    )
    return OperatorSupport("SVDF", kernel, constraints, _lower)


SUPPORT: tuple[OperatorSupport, ...] = (
    _support_quantized("svdf", "int8"),
    _support_quantized("svdf_s16", "int16"),
    OperatorSupport(
        "SVDF",
        "svdf_f32",
        (
            Constraint("5 inputs, of which the bias may be absent, 1 output", _check_operands),
            checks.types("float32", _INPUT, _STATE),
            *(
                checks.constant(position, role, ("float32",))
                for position, role in (
                    (_FEATURES, "feature weights"), (_TIMES, "time weights"), (_BIAS, "bias"),
                )
            ),
            *_SHAPES,
            Constraint(f"fused activation {', '.join(_BOUNDS)}", _check_activation),
        ),
        _lower_real,
        types=("float32",),
    ),
)  # fmt: skip
