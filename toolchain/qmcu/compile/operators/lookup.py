"""Operators that are a function of one byte: the function becomes a table of 256 bytes.

RELU, RELU6, LEAKY_RELU, LOGISTIC, TANH, HARD_SWISH, ABS, RSQRT and QUANTIZE (int8 to int8): the
tables are computed with the integer arithmetic of the interpreter, so they hold its very results.
EXP, GELU, LOG and SQRT, which it lacks, are LiteRT's (`model.byte_functions`).
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from qmcu.compile.lowering import TABLE_NOTE, Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, fixed_point
from qmcu.compile.plan import KernelCall, ParametersArgument
from qmcu.compile.requantize import activation_range, quantize_multiplier, requantize
from qmcu.model.byte_functions import BYTE_FUNCTIONS, byte_function
from qmcu.model.graph import Quantization

Values = npt.NDArray[np.int64]
Table = Callable[[OperatorContext], Values]

_BYTES: Values = np.arange(-128, 128, dtype=np.int64)
# (input - zero_point) is below 2**8: results up to 2**30 leave room for the zero point.
_LARGEST_MULTIPLIER = 2.0**22
_FRACTIONAL_BITS = 27
_INTEGER_BITS = 4
_RSQRT_BITS = 20


def _input(context: OperatorContext) -> Quantization:
    quantization = context.input(0).quantization
    assert quantization is not None
    return quantization


def _output(context: OperatorContext) -> Quantization:
    quantization = context.output().quantization
    assert quantization is not None
    return quantization


def _scale(values: Values, real: float) -> Values:
    return requantize(values, *quantize_multiplier(real))


def _clip(values: Values, low: int = -128, high: int = 127) -> Values:
    return np.clip(values, low, high)


def _ratio(context: OperatorContext) -> float:
    return _input(context).scale / _output(context).scale


def _alpha_ratio(context: OperatorContext) -> float:
    alpha = context.operator.options.get("alpha", 0.0)
    assert isinstance(alpha, (int, float))
    return _input(context).scale * alpha / _output(context).scale


def quantize_table(context: OperatorContext) -> Values:
    """QUANTIZE: the same number in the output's quantization."""
    values = _BYTES - _input(context).zero_point
    return _clip(_scale(values, _ratio(context)) + _output(context).zero_point)


def relu_table(context: OperatorContext) -> Values:
    """RELU, with a change of quantization."""
    output = _output(context)
    values = _scale(_BYTES - _input(context).zero_point, _ratio(context))
    bounds = activation_range("RELU", output.scale, output.zero_point)
    return _clip(values + output.zero_point, *bounds)


def relu6_table(context: OperatorContext) -> Values:
    """RELU6 in the input's quantization: the interpreter does not look at the output's."""
    quantization = _input(context)
    return _clip(_BYTES, *activation_range("RELU6", quantization.scale, quantization.zero_point))


def leaky_relu_table(context: OperatorContext) -> Values:
    """LEAKY_RELU, with a change of quantization; alpha may be negative."""
    values = _BYTES - _input(context).zero_point
    alpha = _alpha_ratio(context)
    below = _scale(values, abs(alpha)) * (-1 if alpha < 0 else 1)
    above = _scale(values, _ratio(context))
    return _clip(np.where(values >= 0, above, below) + _output(context).zero_point)


def _sigmoidal(context: OperatorContext, function: Callable[[Values, int], Values]) -> Values:
    """`function` of the input as fixed point; what lies outside (-15, 15) becomes its limit."""
    values = _BYTES - _input(context).zero_point
    mantissa, shift = math.frexp(_input(context).scale * (1 << _FRACTIONAL_BITS))
    radius = math.floor(((1 << _INTEGER_BITS) - 1) * 2.0**_FRACTIONAL_BITS / 2.0**shift)
    near = np.abs(values) < radius
    fixed = requantize(np.where(near, values, 0), int(mantissa * (1 << 31)), shift)
    limits = np.where(values > 0, (1 << 31) - 1, -(1 << 31))
    return np.where(near, function(fixed, _INTEGER_BITS), limits)


def logistic_table(context: OperatorContext) -> Values:
    """LOGISTIC with output scale 1/256, which the file need not say, and zero point -128."""

    def function(fixed: Values, integer_bits: int) -> Values:
        return fixed_point.rounding_divide(fixed_point.logistic(fixed, integer_bits), 23) - 128

    return _clip(_sigmoidal(context, function))


def tanh_table(context: OperatorContext) -> Values:
    """TANH with output scale 1/128, which the file need not say, and zero point 0."""

    def function(fixed: Values, integer_bits: int) -> Values:
        return fixed_point.rounding_divide(fixed_point.tanh(fixed, integer_bits), 24)

    return _clip(_sigmoidal(context, function))


def _int16_multiplier(real: float) -> tuple[int, int]:
    multiplier, exponent = quantize_multiplier(real)
    return min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1), exponent


def _hard_swish_multipliers(context: OperatorContext) -> tuple[float, float]:
    """From the input, 128 times finer, to the output, and to 3.0 = 32768: float32 as there."""
    fine = np.float32(_input(context).scale) / np.float32(128)
    target, gate = np.float32(_output(context).scale), np.float32(3) / np.float32(32768)
    with np.errstate(over="ignore"):
        return float(fine / target), float(fine / gate)


def _multiply_int16(a: Values, b: int) -> Values:
    return (a * b + (1 << 14)) >> 15


def _saturate_int16(values: Values) -> Values:
    return np.clip(values, -(1 << 15), (1 << 15) - 1)


def _rounding_divide_int16(values: Values, exponent: int) -> Values:
    """values / 2**exponent, rounded; from exponent 16 on with the mask of 16 ones that is left."""
    mask = (1 << exponent) - 1 if exponent < 16 else -1
    threshold = (mask >> 1) + (values < 0)
    rounded: Values = (values >> exponent) + ((values & mask) > threshold)
    return rounded


def hard_swish_table(context: OperatorContext) -> Values:
    """HARD_SWISH: x * clamp(x + 3, 0, 6) / 6 in 16-bit fixed point."""
    to_output, to_gate = _hard_swish_multipliers(context)
    output_multiplier, output_exponent = _int16_multiplier(to_output)
    gate_multiplier, gate_exponent = _int16_multiplier(to_gate)
    fine = (_BYTES - _input(context).zero_point) << 7
    value = _multiply_int16(fine, output_multiplier)
    gate = fine
    if gate_exponent > 0:
        gate = _saturate_int16(gate << (gate_exponent - 1))
    gate = _multiply_int16(gate, gate_multiplier)
    if gate_exponent > 0:
        gate = _saturate_int16(gate << 1)
    gate = _rounding_divide_int16(gate, max(0, -gate_exponent))
    gate = (gate + (1 << 15)) >> 1
    product = gate * value
    # Rounded towards zero, which cancels the bias of the rounding above.
    product = np.sign(product) * (np.abs(product) >> 15)
    scaled = _rounding_divide_int16(product, -output_exponent)
    return _clip(scaled + _output(context).zero_point)


def abs_table(context: OperatorContext) -> Values:
    """ABS: the distance from zero in the output's quantization."""
    values = np.abs(_BYTES - _input(context).zero_point)
    if _input(context).scale != _output(context).scale:
        values = _scale(values, _ratio(context))
    return _clip(values + _output(context).zero_point)


def inverse_root_scale(context: OperatorContext) -> float:
    """The real multiplier of RSQRT, from 1 / sqrt of the input's integers to the output's."""
    # In double: the interpreter's bytes at ties of rounding show it.
    return 1 / (math.sqrt(_input(context).scale) * _output(context).scale)


def rsqrt_table(context: OperatorContext) -> Values:
    """RSQRT: the largest byte for 0; for what is negative too, where the interpreter fails."""
    multiplier, shift = quantize_multiplier(inverse_root_scale(context))
    results = []
    for value in _BYTES - _input(context).zero_point:
        if value <= 0:
            results.append(127)
            continue
        root, root_shift = fixed_point.inverse_sqrt(int(value))
        fine = requantize([1], root, root_shift + _RSQRT_BITS)
        scaled = requantize(fine, multiplier, shift - _RSQRT_BITS)
        results.append(int(scaled[0]) + _output(context).zero_point)
    return _clip(np.array(results, np.int64))


def function_table(context: OperatorContext) -> Values:
    """EXP, GELU, LOG and SQRT: LiteRT's results."""
    return byte_function(context.operator, _input(context), _output(context))


def _lower(table: Table) -> Callable[[OperatorContext], KernelCall]:
    def lower(context: OperatorContext) -> KernelCall:
        source, target = context.input(0), context.output()
        # The kernel takes the input byte as unsigned: 0 to 127 come first, then -128 to -1.
        entries = np.roll(table(context), 128).astype(np.int8)
        parameters = ParametersArgument("qmcu_lookup_params", (("size", target.size),))
        arguments = (
            parameters,
            context.operand(source),
            context.constant("table", entries, "table"),
            context.operand(target),
        )
        overlay = () if source.is_constant else ((source.index, target.index),)
        return context.call("lookup", arguments, may_overlay=overlay)

    return lower


def _ratio_below_limit(text: str, ratio: Callable[[OperatorContext], float]) -> Constraint:
    def check(context: OperatorContext) -> str | None:
        real = abs(ratio(context))
        # Written so that NaN fails too.
        if real < _LARGEST_MULTIPLIER:
            return None
        return f"{text} is {real:.3g}, less than 2^22 is needed"

    return Constraint(f"{text} below 2^22", check)


def _output_zero_point(zero_point: int) -> Constraint:
    """The interpreter's output has one scale, whatever the file says, and this zero point."""

    def check(context: OperatorContext) -> str | None:
        given = _output(context)
        if given.zero_point == zero_point:
            return None
        return (
            f"output {context.output().name} has zero point {given.zero_point}, {zero_point} is "
            "needed"
        )

    return Constraint(f"output zero point {zero_point}", check)


def _check_sigmoidal_scale(context: OperatorContext) -> str | None:
    scale = _input(context).scale
    if 2.0**-_FRACTIONAL_BITS <= scale < 8:
        return None
    return f"input {context.input(0).name} has scale {scale:.3g}, 2^-27 to 8 is needed"


def _check_hard_swish_scales(context: OperatorContext) -> str | None:
    to_output, to_gate = _hard_swish_multipliers(context)
    # The interpreter's shift of a gate is of at most 31 bits, its output is never finer.
    if 0 < to_output < 1 and quantize_multiplier(to_output)[1] <= 0 and 0 < to_gate < 2.0**30:
        return None
    ratio = to_output * 128
    return (
        f"input scale {_input(context).scale:.3g} is {ratio:.3g} times the output's; less than 128 "
        "times the output's is needed"
    )


def _check_relu6_scale(context: OperatorContext) -> str | None:
    scale = _input(context).scale
    # 6 / scale must be an int32.
    return None if scale >= 2.0**-27 else f"scale {scale:.3g} is too small for 6, 2^-27 is needed"


def _check_rsqrt_scales(context: OperatorContext) -> str | None:
    real = inverse_root_scale(context)
    # Within these every shift of the interpreter is between -31 and 0.
    if 2.0**-11 <= real < 2.0**20:
        return None
    return f"its scales give the multiplier {real:.3g}, 2^-11 to 2^20 is needed"


INPUT_RATIO = _ratio_below_limit("input scale / output scale", _ratio)
RSQRT_SCALES = Constraint(
    "1 / (root of input scale * output scale) 2^-11 to 2^20", _check_rsqrt_scales
)
_COMMON = (checks.operands(1), checks.int8(), checks.same_elements())


def support(kind: str, table: Table, *constraints: Constraint, note: str = "") -> OperatorSupport:
    """The int8 form of an operator whose results are in a table."""
    return OperatorSupport(kind, "lookup", (*_COMMON, *constraints), _lower(table), note=note)


def _lower_abs_int16(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    multiplier, shift = quantize_multiplier(_ratio(context))
    parameters = ParametersArgument(
        "qmcu_abs_s16_params",
        (
            ("size", target.elements),
            ("rescales", int(_input(context).scale != _output(context).scale)),
            ("multiplier", multiplier),
            ("shift", shift),
        ),
    )
    arguments = (parameters, context.operand(source), context.operand(target))
    overlay = () if source.is_constant else ((source.index, target.index),)
    return context.call("abs_s16", arguments, may_overlay=overlay)


def _check_int16_ratio(context: OperatorContext) -> str | None:
    real = _ratio(context)
    # Written so that NaN fails too.
    return None if real < 2.0**14 else f"input scale / output scale is {real:.3g}, not below 2^14"


SUPPORT: tuple[OperatorSupport, ...] = (
    support("RELU", relu_table, INPUT_RATIO),
    support(
        "RELU6",
        relu6_table,
        Constraint("input scale at least 2^-27", _check_relu6_scale),
    ),
    support(
        "LEAKY_RELU",
        leaky_relu_table,
        INPUT_RATIO,
        _ratio_below_limit("alpha * input scale / output scale", _alpha_ratio),
    ),
    support(
        "LOGISTIC",
        logistic_table,
        _output_zero_point(-128),
        Constraint("input scale 2^-27 to 8", _check_sigmoidal_scale),
    ),
    support(
        "TANH",
        tanh_table,
        _output_zero_point(0),
        Constraint("input scale 2^-27 to 8", _check_sigmoidal_scale),
    ),
    support(
        "HARD_SWISH",
        hard_swish_table,
        Constraint(
            "input scale less than 128 times the output's, and below 2^23", _check_hard_swish_scales
        ),
    ),
    support("ABS", abs_table, INPUT_RATIO),
    OperatorSupport(
        "ABS",
        "abs_s16",
        (
            checks.operands(1),
            checks.types("int16", same=True),
            checks.quantized(symmetric=True),
            checks.same_elements(),
            Constraint("input scale / output scale below 2^14", _check_int16_ratio),
        ),
        _lower_abs_int16,
        types=("int16",),
    ),
    support(
        "RSQRT",
        rsqrt_table,
        RSQRT_SCALES,
    ),
    support("QUANTIZE", quantize_table, INPUT_RATIO),
    *(support(kind, function_table, note=TABLE_NOTE) for kind in BYTE_FUNCTIONS),
)
