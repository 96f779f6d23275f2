"""Functions of two elements in other types than int8, with broadcasting.

ADD, SUB, MUL and DIV in float32 and int32, the first three in int64, MAXIMUM and MINIMUM in every
type, FLOOR_DIV and FLOOR_MOD in float32 and int32, FLOOR_MOD in int64, BITWISE_XOR and RIGHT_SHIFT
in int32, LOGICAL_AND and LOGICAL_OR.
"""

from collections.abc import Callable

import numpy as np

from qmcu.compile.lowering import (
    ANGLE_NOTE,
    OWN_NOTE,
    Constraint,
    OperatorContext,
    OperatorSupport,
)
from qmcu.compile.operators import checks, walk
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument

_SHORT = {"int16": "s16", "int32": "s32", "int64": "s64", "float32": "f32"}
_LEAST_INT32, _GREATEST_INT32 = -(1 << 31), (1 << 31) - 1
_GREATEST_REAL = float(np.finfo(np.float32).max)
_BOUNDS = {"RELU": (0, None), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1)}


def _check_broadcast(context: OperatorContext) -> str | None:
    first, second, output = context.input(0), context.input(1), context.output()
    try:
        shape = np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        return f"inputs {first} and {second} do not broadcast to one shape"
    if shape != output.shape:
        return f"output {output} has shape {output.shape}, {shape} is needed"
    return None


def binary_operands(allowed: str, result: str | None = None) -> tuple[Constraint, ...]:
    """Two inputs of one type that broadcast, and an output of the type `result` or theirs."""
    types = (
        (checks.types(allowed),)
        if result is None
        else (checks.types(allowed, outputs=False), checks.output_types(result))
    )
    return (
        checks.operands(2),
        *types,
        checks.BROADCAST_RANK,
        Constraint("inputs broadcast to the output's shape (NumPy's rules)", _check_broadcast),
    )


def walk_fields(context: OperatorContext, prefix: str = "") -> tuple[tuple[str, FieldValue], ...]:
    """The fields of qmcu_binary_params: the walk over both inputs."""
    output = context.output().shape
    strides = [walk.broadcast_strides(context.input(i).shape, output) for i in range(2)]
    shape, (first, second) = walk.fused(output, *strides)
    return (
        (f"{prefix}shape", shape),
        (f"{prefix}strides1", first),
        (f"{prefix}strides2", second),
    )


def binary_call(
    context: OperatorContext,
    kernel: str,
    parameters: str,
    fields: tuple[tuple[str, FieldValue], ...],
) -> KernelCall:
    """The call of a kernel of two inputs. The output may lie over one of as many bytes."""
    inputs, output = (context.input(0), context.input(1)), context.output()
    overlay = tuple(
        (tensor.index, output.index)
        for tensor in inputs
        if not tensor.is_constant and tensor.shape == output.shape and tensor.size == output.size
    )
    operands = (context.operand(tensor) for tensor in (*inputs, output))
    arguments = (ParametersArgument(parameters, fields), *operands)
    return context.call(kernel, arguments, may_overlay=overlay)


def activation_fields(context: OperatorContext, kind: str) -> tuple[tuple[str, FieldValue], ...]:
    """The bounds of the fused activation in numbers of type `kind`, float32 or int32."""
    activation = context.text("fused_activation_function", "NONE")
    if (context.operator.kind, kind) == ("ADD", "int32"):
        # The interpreter does not look at it here.
        activation = "NONE"
    low, high = _BOUNDS.get(activation, (None, None))
    if kind == "float32":
        return (
            ("activation_minimum", -_GREATEST_REAL if low is None else float(low)),
            ("activation_maximum", _GREATEST_REAL if high is None else float(high)),
        )
    return (
        ("activation_minimum", _LEAST_INT32 if low is None else low),
        ("activation_maximum", _GREATEST_INT32 if high is None else high),
    )


def _check_activation(context: OperatorContext) -> str | None:
    activation = context.text("fused_activation_function", "NONE")
    if activation in checks.ACTIVATIONS:
        return None
    return f"fused activation {activation}, one of {', '.join(checks.ACTIVATIONS)} is needed"


# The fused activation of what is not quantized.
ACTIVATION = Constraint(checks.ACTIVATION_TEXT, _check_activation)


def _support_activated(kind: str, dtype: str, *more: Constraint) -> OperatorSupport:
    short = _SHORT[dtype]
    kernel = f"{kind.lower()}_{short}"

    def lower(context: OperatorContext) -> KernelCall:
        fields = (*walk_fields(context, "binary."), *activation_fields(context, dtype))
        return binary_call(context, kernel, f"qmcu_binary_{short}_params", fields)

    constraints = (*binary_operands(dtype), ACTIVATION, *more)
    return OperatorSupport(kind, kernel, constraints, lower, types=(dtype,))


def _lower_plain(kernel: str) -> Callable[[OperatorContext], KernelCall]:
    def lower(context: OperatorContext) -> KernelCall:
        return binary_call(context, kernel, "qmcu_binary_params", walk_fields(context))

    return lower


def _plain(
    kind: str, dtype: str, *more: Constraint, kernel: str | None = None, note: str = ""
) -> OperatorSupport:
    name = kernel or f"{kind.lower()}_{_SHORT[dtype]}"
    constraints = (*binary_operands(dtype), *more)
    return OperatorSupport(kind, name, constraints, _lower_plain(name), types=(dtype,), note=note)


def _check_divisor(context: OperatorContext) -> str | None:
    divisor = context.input(1)
    if divisor.is_constant and not divisor.array.all():
        return f"divisor {divisor} holds a zero, by which the interpreter does not divide"
    return None


def _check_unfused(context: OperatorContext) -> str | None:
    activation = context.text("fused_activation_function", "NONE")
    return None if activation == "NONE" else f"fused activation {activation}, none is possible"


_UNFUSED = Constraint("no fused activation", _check_unfused)
_DIVISOR = Constraint("a constant divisor holds no zero", _check_divisor)
# The interpreter compares int16 as they are, however they are quantized.
_ALIKE = (checks.quantized(symmetric=True),)

SUPPORT: tuple[OperatorSupport, ...] = (
    *(
        _support_activated(kind, dtype)
        for kind in ("ADD", "SUB", "MUL")
        for dtype in ("float32", "int32")
    ),
    _support_activated("DIV", "float32"),
    _support_activated("DIV", "int32", _DIVISOR),
    *(_plain(k, t) for k in ("MAXIMUM", "MINIMUM") for t in ("float32", "int32", "int64")),
    *(_plain(kind, "int16", *_ALIKE) for kind in ("MAXIMUM", "MINIMUM")),
    _plain("FLOOR_DIV", "float32", _DIVISOR),
    _plain("FLOOR_MOD", "float32"),
    *(_plain(kind, "int32", _DIVISOR, note=OWN_NOTE) for kind in ("FLOOR_DIV", "FLOOR_MOD")),
    _plain("ATAN2", "float32", note=ANGLE_NOTE),
    _plain("FLOOR_MOD", "int64", _DIVISOR, note=OWN_NOTE),
    *(_plain(kind, "int64", _UNFUSED, note=OWN_NOTE) for kind in ("ADD", "SUB", "MUL")),
    *(_plain(kind, "int32", note=OWN_NOTE) for kind in ("BITWISE_XOR", "RIGHT_SHIFT")),
    _plain("LOGICAL_AND", "bool", kernel="logical_and"),
    _plain("LOGICAL_OR", "bool", kernel="logical_or"),
)
