"""RELU, RELU6, LEAKY_RELU, LOGISTIC, TANH and the pools of int16."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, pooling
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import ConstantArgument, FieldValue, KernelCall, ParametersArgument
from qmcu.compile.requantize import activation_range, quantize_multiplier

Fields = tuple[tuple[str, FieldValue], ...]

# Inputs of 2**15 times 2**14 leave no bit of an int32 out.
_LARGEST_RATIO = 2.0**14
# Steps of the table of the logistic function in 1.
_STEPS = 24


def _ratio(context: OperatorContext) -> float:
    """Input scale over output scale."""
    return quantization_of(context.input(0)).scale / quantization_of(context.output()).scale


def _alpha_ratio(context: OperatorContext) -> float:
    source, target = quantization_of(context.input(0)), quantization_of(context.output())
    return source.scale * context.real("alpha") / target.scale


def _call(
    context: OperatorContext, kernel: str, fields: Fields, *further: ConstantArgument
) -> KernelCall:
    source, target = context.input(0), context.output()
    parameters = ParametersArgument(f"qmcu_{kernel}_params", (("size", target.elements), *fields))
    arguments = (parameters, context.operand(source), *further, context.operand(target))
    overlay = () if source.is_constant else ((source.index, target.index),)
    return context.call(kernel, arguments, may_overlay=overlay)


def _lower_relu(context: OperatorContext) -> KernelCall:
    multiplier, shift = quantize_multiplier(_ratio(context))
    return _clamp(context, multiplier, shift, (0, 2**15 - 1))


def _lower_relu6(context: OperatorContext) -> KernelCall:
    # A multiplier of exactly 1.
    return _clamp(context, 1 << 30, 1, _relu6_range(context))


def _relu6_range(context: OperatorContext) -> tuple[int, int]:
    return activation_range("RELU6", quantization_of(context.input(0)).scale, 0, "int16")


def _clamp(
    context: OperatorContext, multiplier: int, shift: int, limits: tuple[int, int]
) -> KernelCall:
    fields: Fields = (
        ("multiplier", multiplier),
        ("shift", shift),
        ("minimum", limits[0]),
        ("maximum", limits[1]),
    )
    return _call(context, "relu_s16", fields)


def _lower_leaky_relu(context: OperatorContext) -> KernelCall:
    alpha = _alpha_ratio(context)
    positive, negative = quantize_multiplier(_ratio(context)), quantize_multiplier(abs(alpha))
    fields: Fields = (
        ("positive_multiplier", positive[0]),
        ("positive_shift", positive[1]),
        ("negative_multiplier", negative[0]),
        ("negative_shift", negative[1]),
        ("negative_sign", -1 if alpha < 0 else 1),
    )
    return _call(context, "leaky_relu_s16", fields)


def sigmoid_table() -> npt.NDArray[np.int16]:
    """The logistic function of i / 24 with 16 fractional bits, less 2**15, for i from 0 to 255.

    Moved by half of what the straight line to the next entry is off in its middle; the last is
    the limit.
    """
    exact = 2.0**16 / (1 + np.exp(-np.arange(0, 256.5, 0.5) / _STEPS))
    ends, middles = exact[::2], exact[1::2]
    excess = (ends[:-1] + ends[1:]) / 2 - middles
    entries = np.rint(ends[:-1] - excess / 2)
    entries[-1] = 2**16 - 1
    return (entries - 2**15).astype(np.int16)


def _is_power_of_two(scale: float, exponent: int) -> bool:
    """True when the interpreter takes a scale for 2**exponent: within 0.1 percent or so."""
    logarithm = np.float32(np.log(np.float32(scale))) * (np.float32(1) / np.log(np.float32(2)))
    nearest = math.floor(abs(logarithm) + 0.5) * (1 if logarithm >= 0 else -1)
    return nearest == exponent and bool(abs(np.float32(logarithm - nearest)) < np.float32(1e-3))


def _argument_scaling(context: OperatorContext) -> tuple[int, int]:
    """(multiplier, shift) from the input to 2**9 times the steps of the table.

    A scale that is a power of two which the interpreter knows is taken as one.
    """
    scale = quantization_of(context.input(0)).scale
    for shift in (0, 1) if context.operator.kind == "TANH" else (0,):
        if _is_power_of_two(scale, shift - 12):
            return 3 << shift, 0
    real, shift = scale * 4096 * 3, 0
    while real <= 32767 / 2 and shift <= 30:
        real, shift = real * 2, shift + 1
    return int(real), shift


def _lower_sigmoid(kernel: str) -> Callable[[OperatorContext], KernelCall]:
    def lower(context: OperatorContext) -> KernelCall:
        multiplier, shift = _argument_scaling(context)
        table = context.constant("table", sigmoid_table(), "table")
        return _call(context, kernel, (("multiplier", multiplier), ("shift", shift)), table)

    return lower


def _check_ratio(context: OperatorContext) -> str | None:
    ratios = [_ratio(context)]
    if context.operator.kind == "LEAKY_RELU":
        ratios.append(abs(_alpha_ratio(context)))
    # Written so that NaN fails too.
    wrong = next((ratio for ratio in ratios if not ratio < _LARGEST_RATIO), None)
    if wrong is None:
        return None
    return f"input scale / output scale (times alpha) is {wrong:.3g}, less than 2^14 is needed"


def _check_relu6(context: OperatorContext) -> str | None:
    scale = quantization_of(context.input(0)).scale
    if round(6 / scale) <= 2**15 - 1:
        return None
    return f"6 with the scale {scale:.3g} is more than an int16"


def _check_sigmoid(context: OperatorContext) -> str | None:
    source, target = quantization_of(context.input(0)), quantization_of(context.output())
    if not _is_power_of_two(target.scale, -15):
        return f"output {context.output().name} has scale {target.scale:.9g}, 2^-15 is needed"
    if source.scale * 4096 * 3 > 32767:
        return f"input {context.input(0).name} has scale {source.scale:.3g}, at most 2.66 is needed"
    return None


def _support(
    kind: str,
    kernel: str,
    lower: Callable[[OperatorContext], KernelCall],
    *further: Constraint,
) -> OperatorSupport:
    constraints = (
        checks.operands(1),
        checks.types("int16", same=True),
        checks.quantized(symmetric=True),
        *further,
    )
    return OperatorSupport(kind, kernel, constraints, lower, types=("int16",))


def _elementwise(
    kind: str, kernel: str, lower: Callable[[OperatorContext], KernelCall], *further: Constraint
) -> OperatorSupport:
    return _support(kind, kernel, lower, checks.same_elements(), *further)


def _pool(kind: str, kernel: str) -> OperatorSupport:
    def lower(context: OperatorContext) -> KernelCall:
        return pooling.lower_pool(context, kernel)

    return _support(kind, kernel, lower, *pooling.SHAPES)


_RATIO = Constraint("input scale / output scale, also times alpha, below 2^14", _check_ratio)
_SIGMOID = Constraint("output scale 2^-15, input scale at most 2.66", _check_sigmoid)

SUPPORT: tuple[OperatorSupport, ...] = (
    _elementwise("RELU", "relu_s16", _lower_relu, _RATIO),
    _elementwise(
        "RELU6", "relu_s16", _lower_relu6, Constraint("6 is within an int16", _check_relu6)
    ),
    _elementwise("LEAKY_RELU", "leaky_relu_s16", _lower_leaky_relu, _RATIO),
    _elementwise("LOGISTIC", "logistic_s16", _lower_sigmoid("logistic_s16"), _SIGMOID),
    _elementwise("TANH", "tanh_s16", _lower_sigmoid("tanh_s16"), _SIGMOID),
    _pool("AVERAGE_POOL_2D", "average_pool_2d_s16"),
    _pool("MAX_POOL_2D", "max_pool_2d_s16"),
)
