"""SELECT, SELECT_V2, DYNAMIC_UPDATE_SLICE, ARG_MAX and ARG_MIN."""

from math import prod

import numpy as np

from qmcu.compile.lowering import (
    COMPARED_NOTE,
    OWN_NOTE,
    TYPES,
    Constraint,
    OperatorContext,
    OperatorSupport,
)
from qmcu.compile.operators import checks, walk
from qmcu.compile.operators.movement import byte_operands, element_size
from qmcu.compile.plan import Argument, FieldValue, KernelCall, ParametersArgument


def _condition_shape(context: OperatorContext) -> tuple[int, ...]:
    """The condition's shape; of SELECT it may be one decision for each row."""
    shape, taken = context.input(0).shape, context.input(1).shape
    if context.operator.kind == "SELECT" and len(shape) == 1 and len(taken) > 1:
        return (*shape, *(1,) * (len(taken) - 1))
    return shape


def _check_selected(context: OperatorContext) -> str | None:
    shapes = [_condition_shape(context), *(context.input(i).shape for i in (1, 2))]
    output = context.output()
    try:
        wanted = np.broadcast_shapes(*shapes)
    except ValueError:
        return "condition and inputs do not broadcast to one shape"
    return None if output.shape == wanted else f"output {output} has not the shape {wanted}"


def _lower_select(context: OperatorContext) -> KernelCall:
    inputs, output = [context.input(i) for i in range(3)], context.output()
    shapes = [_condition_shape(context), *(tensor.shape for tensor in inputs[1:])]
    strides = [walk.broadcast_strides(shape, output.shape) for shape in shapes]
    shape, (condition, first, second) = walk.fused(output.shape, *strides)
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("shape", shape),
        ("condition_strides", condition),
        ("strides1", first),
        ("strides2", second),
    )
    kernel, size = "select_wide", element_size(output)
    if size < 8:
        kernel, fields = "select", (*fields, ("size", size))
    parameters = ParametersArgument(f"qmcu_{kernel}_params", fields)
    moved = byte_operands(context, *inputs[1:], output)
    return context.call(kernel, (parameters, context.operand(inputs[0]), *moved))


def _check_update(context: OperatorContext) -> str | None:
    tensor, update, starts = (context.input(i) for i in range(3))
    if len(update.shape) != len(tensor.shape) or starts.shape != (len(tensor.shape),):
        return f"update {update} or starts {starts} do not fit input {tensor}"
    if any(a > b for a, b in zip(update.shape, tensor.shape, strict=True)):
        return f"update {update} is larger than input {tensor}"
    return None


def _lower_update(context: OperatorContext) -> KernelCall:
    tensor, update, starts, output = (*(context.input(i) for i in range(3)), context.output())
    rank, size = len(tensor.shape), element_size(tensor)
    ones, zeros = (1,) * (walk.RANK - rank), (0,) * (walk.RANK - rank)
    steps = (*zeros, *(step * size for step in walk.dense_strides(tensor.shape)))
    room = (*zeros, *(a - b for a, b in zip(tensor.shape, update.shape, strict=True)))
    lengths = (*ones, *update.shape)
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("shape", (*lengths[:-1], lengths[-1] * size)),
        ("strides", steps),
        ("room", room),
        ("steps", steps),
        ("dimensions", rank),
        ("size", tensor.size),
    )
    where: Argument = context.operand(starts)
    if starts.is_constant:
        limits = np.iinfo(np.int32)
        where = context.constant(
            "starts", np.clip(starts.array, limits.min, limits.max).astype(np.int32), "data"
        )
    source, change, target = byte_operands(context, tensor, update, output)
    overlay = () if tensor.is_constant else ((tensor.index, output.index),)
    parameters = ParametersArgument("qmcu_dynamic_update_slice_params", fields)
    arguments = (parameters, source, change, where, target)
    wide = starts.dtype == "int64" and not starts.is_constant
    kernel = "dynamic_update_slice_s64" if wide else "dynamic_update_slice"
    return context.call(kernel, arguments, may_overlay=overlay)


def _check_axis(context: OperatorContext) -> str | None:
    axis, tensor = context.input(1), context.input(0)
    if axis.elements != 1:
        return f"axis {axis} is not a single number"
    found, rank = int(axis.array.reshape(-1)[0]), len(tensor.shape)
    return None if -rank <= found < rank else f"axis {found} is outside input {tensor}"


def _axis(context: OperatorContext) -> int:
    return int(context.input(1).array.reshape(-1)[0]) % len(context.input(0).shape)


def _without_axis(context: OperatorContext) -> tuple[int, ...]:
    shape, axis = context.input(0).shape, _axis(context)
    return (*shape[:axis], *shape[axis + 1 :])


# Of each type: what its kernel is called behind the operator's name.
_ARG_SUFFIXES = {"int8": "", "float32": "_f32", "int16": "_s16", "int32": "_s32"}


def _lower_arg(context: OperatorContext) -> KernelCall:
    source, axis = context.input(0), _axis(context)
    parameters = ParametersArgument(
        "qmcu_arg_params",
        (
            ("rows", prod(source.shape[:axis])),
            ("length", source.shape[axis]),
            ("inner", prod(source.shape[axis + 1 :])),
        ),
    )
    kernel = context.operator.kind.lower() + _ARG_SUFFIXES[source.dtype]
    operands = (context.operand(source), context.operand(context.output()))
    return context.call(kernel, (parameters, *operands))


# In other types, and of SELECT in every type, the expected bytes are qmcu's own.
_SELECTED = ("int8", "int16", "float32")
_NARROW = tuple(t for t in TYPES if t != "int64")
_SELECTS = (
    ("SELECT", _NARROW, "select", OWN_NOTE),
    ("SELECT", ("int64",), "select_wide", OWN_NOTE),
    ("SELECT_V2", _SELECTED, "select", ""),
    ("SELECT_V2", tuple(t for t in _NARROW if t not in _SELECTED), "select", OWN_NOTE),
    ("SELECT_V2", ("int64",), "select_wide", OWN_NOTE),
)
_UPDATED = ("int8", "int16", "int32", "float32")


def _arg_forms(kind: str) -> tuple[OperatorSupport, ...]:
    return tuple(
        OperatorSupport(
            kind,
            kind.lower() + suffix,
            (
                checks.operands(2),
                checks.types(dtype, 0, outputs=False),
                checks.output_types("int32"),
                checks.input_rank(1, 8),
                checks.constant(1, "axis", ("int32",)),
                Constraint("axis is one number within the input's dimensions", _check_axis),
                checks.output_shape("output has the input's shape without the axis", _without_axis),
            ),
            _lower_arg,
            types=(dtype,),
            note=COMPARED_NOTE if dtype in ("int16", "int32") else "",
        )
        for dtype, suffix in _ARG_SUFFIXES.items()
    )


SUPPORT: tuple[OperatorSupport, ...] = (
    *(
        OperatorSupport(
            kind,
            kernel,
            (
                checks.operands(3),
                checks.types(dtypes, 1, 2, same=True),
                checks.types("bool", 0, outputs=False),
                checks.output_rank(0, walk.RANK),
                Constraint("condition and inputs broadcast to the output's shape", _check_selected),
            ),
            _lower_select,
            types=dtypes,
            note=note,
        )
        for kind, dtypes, kernel, note in _SELECTS
    ),
    OperatorSupport(
        "DYNAMIC_UPDATE_SLICE",
        "dynamic_update_slice",
        (
            checks.operands(3),
            checks.types(_UPDATED, 0, 1, same=True),
            checks.types(("int32", "int64"), 2, outputs=False),
            checks.input_rank(1, walk.RANK),
            Constraint("update no larger than the input, a start for each", _check_update),
            checks.same_shape(),
        ),
        _lower_update,
        types=_UPDATED,
    ),
    *_arg_forms("ARG_MAX"),
    *_arg_forms("ARG_MIN"),
)
