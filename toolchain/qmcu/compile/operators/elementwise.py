"""ADD, SUB, MUL, MAXIMUM and MINIMUM, with broadcasting."""

import numpy as np

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, walk
from qmcu.compile.plan import Argument, FieldValue, KernelCall, ParametersArgument
from qmcu.compile.requantize import activation_range, quantize_multiplier
from qmcu.model.graph import Tensor

_HEADROOM_BITS = 20
# (-255 .. 255) squared is below 2**16: products up to 2**30 leave room for the zero point.
_LARGEST_MUL_MULTIPLIER = 2.0**14


def _scale(tensor: Tensor) -> float:
    assert tensor.quantization is not None
    return tensor.quantization.scale


def _zero_point(tensor: Tensor) -> int:
    assert tensor.quantization is not None
    return tensor.quantization.zero_point


def _check_broadcast(context: OperatorContext) -> str | None:
    first, second, output = context.input(0), context.input(1), context.output()
    try:
        shape = np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        return f"inputs {first} and {second} do not broadcast to one shape"
    if shape != output.shape:
        return f"output {output} has shape {output.shape}, {shape} is needed"
    return None


BROADCAST = Constraint("inputs broadcast to the output's shape (NumPy's rules)", _check_broadcast)
# What every elementwise operator of two inputs needs of them.
OPERANDS = (
    checks.operands(2),
    checks.int8(),
    checks.BROADCAST_RANK,
    BROADCAST,
)


def _walk_fields(context: OperatorContext) -> tuple[tuple[str, FieldValue], ...]:
    output = context.output().shape
    strides = [walk.broadcast_strides(context.input(i).shape, output) for i in range(2)]
    shape, (first, second) = walk.fused(output, *strides)
    return ("shape", shape), ("strides1", first), ("strides2", second)


def broadcast_call(
    context: OperatorContext,
    kernel: str,
    fields: tuple[tuple[str, FieldValue], ...],
    parameters_of: str | None = None,
    tables: tuple[Argument, ...] = (),
) -> KernelCall:
    """The call of a kernel whose parameters are the walk over both inputs and `fields`.

    The parameters are those of the kernel `parameters_of`, where it is not this one; `tables` stand
    between the inputs and the output.
    """
    inputs, output = (context.input(0), context.input(1)), context.output()
    struct = f"qmcu_{parameters_of or kernel}_params"
    parameters = ParametersArgument(struct, (*_walk_fields(context), *fields))
    overlay = tuple(
        (tensor.index, output.index)
        for tensor in inputs
        if not tensor.is_constant and tensor.elements == output.elements
    )
    operands = (*(context.operand(tensor) for tensor in inputs), *tables, context.operand(output))
    return context.call(kernel, (parameters, *operands), may_overlay=overlay)


def _activation_fields(context: OperatorContext) -> tuple[tuple[str, FieldValue], ...]:
    output = context.output()
    low, high = activation_range(
        context.text("fused_activation_function", "NONE"), _scale(output), _zero_point(output)
    )
    return (
        ("output_zero_point", _zero_point(output)),
        ("activation_minimum", low),
        ("activation_maximum", high),
    )


def _sum_multipliers(context: OperatorContext) -> tuple[float, float, float]:
    """The real multipliers of input 1, of input 2 and of their sum."""
    first, second = _scale(context.input(0)), _scale(context.input(1))
    common = 2 * max(first, second)
    last = common / ((1 << _HEADROOM_BITS) * _scale(context.output()))
    return first / common, second / common, last


def _check_sum_scales(context: OperatorContext) -> str | None:
    for real in _sum_multipliers(context):
        # Written so that NaN fails too.
        if not (0 < real < 1 and quantize_multiplier(real)[1] <= 0):
            return (
                f"the scales {_scale(context.input(0)):.3g}, {_scale(context.input(1)):.3g} of the "
                f"inputs and {_scale(context.output()):.3g} of the output give the multiplier "
                f"{real:.3g}, between 0 and 1 is needed"
            )
    return None


def _lower_sum(context: OperatorContext) -> KernelCall:
    first, second = context.input(0), context.input(1)
    parts = [quantize_multiplier(real) for real in _sum_multipliers(context)]
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("input1_zero_point", _zero_point(first)),
        ("input1_multiplier", parts[0][0]),
        ("input1_shift", parts[0][1]),
        ("input2_zero_point", _zero_point(second)),
        ("input2_multiplier", parts[1][0]),
        ("input2_shift", parts[1][1]),
        ("input2_sign", 1 if context.operator.kind == "ADD" else -1),
        ("output_multiplier", parts[2][0]),
        ("output_shift", parts[2][1]),
    )
    return broadcast_call(context, "add", fields + _activation_fields(context))


def _mul_multiplier(context: OperatorContext) -> float:
    return _scale(context.input(0)) * _scale(context.input(1)) / _scale(context.output())


def _check_mul_scales(context: OperatorContext) -> str | None:
    real = _mul_multiplier(context)
    if real < _LARGEST_MUL_MULTIPLIER:
        return None
    return (
        f"the product of the input scales is {real:.3g} times the output's, less than "
        f"{_LARGEST_MUL_MULTIPLIER:.0f} is needed"
    )


def _lower_mul(context: OperatorContext) -> KernelCall:
    multiplier, shift = quantize_multiplier(_mul_multiplier(context))
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("input1_zero_point", _zero_point(context.input(0))),
        ("input2_zero_point", _zero_point(context.input(1))),
        ("output_multiplier", multiplier),
        ("output_shift", shift),
    )
    return broadcast_call(context, "mul", fields + _activation_fields(context))


def _lower_comparison(context: OperatorContext) -> KernelCall:
    return broadcast_call(context, context.operator.kind.lower(), ())


_SUM = (
    *OPERANDS,
    checks.fused_activation(),
    Constraint("output scale more than 2^-19 of the larger input scale", _check_sum_scales),
)
_MUL = (
    *OPERANDS,
    checks.fused_activation(),
    Constraint("product of input scales below 2^14 output scales", _check_mul_scales),
)
# The interpreter compares the bytes, however they are quantized.
_COMPARISON = OPERANDS

SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport("ADD", "add", _SUM, _lower_sum),
    OperatorSupport("SUB", "add", _SUM, _lower_sum),
    OperatorSupport("MUL", "mul", _MUL, _lower_mul),
    OperatorSupport("MAXIMUM", "maximum", _COMPARISON, _lower_comparison),
    OperatorSupport("MINIMUM", "minimum", _COMPARISON, _lower_comparison),
)
