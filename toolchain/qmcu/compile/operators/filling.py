"""FILL, ZEROS_LIKE, SHAPE and BROADCAST_ARGS: outputs that depend on shapes more than on values."""

from dataclasses import replace

import numpy as np

from qmcu.compile.lowering import TYPES, Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.movement import byte_operands, strided_copy
from qmcu.compile.plan import KernelCall, ParametersArgument


def _check_fill(context: OperatorContext) -> str | None:
    shape, value, output = context.input(0), context.input(1), context.output()
    if value.elements != 1 or len(value.shape) > 0:
        return f"value {value} is not a scalar"
    if shape.shape != (len(output.shape),):
        return f"dimensions {shape} need one number for each dimension of output {output}"
    if shape.is_constant and tuple(int(n) for n in shape.array) != output.shape:
        return f"output {output} has not the shape {[int(n) for n in shape.array]}"
    return None


def _lower_fill(context: OperatorContext) -> KernelCall:
    shape = context.output().shape
    value = context.input(1)
    call = strided_copy(context, shape, [0] * len(shape), 0, value)
    return replace(call, reads=() if value.is_constant else (value.index,))


def _copy(context: OperatorContext, values: bytes) -> KernelCall:
    """A copy of constant bytes."""
    stored = context.constant("values", np.frombuffer(values, np.int8), "data")
    parameters = ParametersArgument("qmcu_copy_params", (("size", len(values)),))
    (target,) = byte_operands(context, context.output())
    return replace(context.call("copy", (parameters, stored, target)), reads=())


def _lower_zeros(context: OperatorContext) -> KernelCall:
    """Zeros from one zero byte that is read again and again."""
    size = context.output().size
    shape = (1, 1, 1, 1, size)
    fields = (("shape", shape), ("strides", (0,) * 5), ("start", 0))
    parameters = ParametersArgument("qmcu_strided_copy_params", fields)
    zero = context.constant("zero", np.zeros(1, np.int8), "data")
    (target,) = byte_operands(context, context.output())
    return replace(context.call("strided_copy", (parameters, zero, target)), reads=())


def _lower_shape(context: OperatorContext) -> KernelCall:
    return _copy(context, np.array(context.input(0).shape, "<i4").tobytes())


def _rank(context: OperatorContext) -> tuple[int, ...]:
    return (len(context.input(0).shape),)


def _check_lists(context: OperatorContext) -> str | None:
    for position in range(2):
        if len(context.input(position).shape) != 1:
            return f"input {position} {context.input(position)} is not a list"
    return None


def _longer(context: OperatorContext) -> tuple[int, ...]:
    return (max(context.input(i).elements for i in range(2)),)


def _lower_shapes(context: OperatorContext) -> KernelCall:
    kernel = "broadcast_args_s32" if context.output().dtype == "int32" else "broadcast_args_s64"
    counts = (("count1", context.input(0).elements), ("count2", context.input(1).elements))
    parameters = ParametersArgument(f"qmcu_{kernel}_params", counts)
    operands = (context.operand(t) for t in (context.input(0), context.input(1), context.output()))
    return context.call(kernel, (parameters, *operands))


_FILLED = ("int8", "int32", "float32")
_ZEROS = ("int8", "int32", "int64", "float32")

SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "FILL",
        "strided_copy",
        (
            checks.operands(2),
            checks.types(_FILLED, 1, same=True),
            checks.types(("int8", "int16", "int32", "int64"), 0, outputs=False),
            Constraint("value is a scalar, output has the dimensions", _check_fill),
        ),
        _lower_fill,
        types=_FILLED,
    ),
    OperatorSupport(
        "ZEROS_LIKE",
        "strided_copy",
        (checks.operands(1), checks.types(_ZEROS, 0, same=True), checks.same_shape()),
        _lower_zeros,
        types=_ZEROS,
    ),
    OperatorSupport(
        "SHAPE",
        "copy",
        (
            checks.operands(1),
            checks.input_rank(1, 8),
            checks.output_types("int32"),
            checks.output_shape("output has a number for each dimension of the input", _rank),
        ),
        _lower_shape,
        types=TYPES,
    ),
    *(
        OperatorSupport(
            "BROADCAST_ARGS",
            kernel,
            (
                checks.operands(2),
                checks.types(dtype, same=True),
                Constraint("both inputs are lists", _check_lists),
                checks.output_shape("output is as long as the longer one", _longer),
            ),
            _lower_shapes,
            types=(dtype,),
        )
        for dtype, kernel in (("int32", "broadcast_args_s32"), ("int64", "broadcast_args_s64"))
    ),
)
