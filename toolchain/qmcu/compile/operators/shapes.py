"""RESHAPE, SQUEEZE and EXPAND_DIMS: another shape for the same bytes."""

from qmcu.compile.lowering import (
    IO_TYPES,
    OWN_NOTE,
    Constraint,
    OperatorContext,
    OperatorSupport,
    own_types,
)
from qmcu.compile.operators import checks
from qmcu.compile.plan import KernelCall, ParametersArgument


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    parameters = ParametersArgument("qmcu_copy_params", (("size", target.size),))
    operands = (context.operand(tensor, as_bytes=True) for tensor in (source, target))
    return context.call("copy", (parameters, *operands))


def _squeezed_shape(context: OperatorContext) -> tuple[int, ...]:
    shape = context.input(0).shape
    option = context.operator.options.get("squeeze_dims", ())
    assert isinstance(option, tuple)
    axes = {axis % len(shape) for axis in option} if option else range(len(shape))
    return tuple(length for axis, length in enumerate(shape) if not (axis in axes and length == 1))


def _check_squeeze_dims(context: OperatorContext) -> str | None:
    tensor = context.input(0)
    option = context.operator.options.get("squeeze_dims", ())
    assert isinstance(option, tuple)
    for axis in map(int, option):
        if not -len(tensor.shape) <= axis < len(tensor.shape):
            return f"squeezes dimension {axis} of input {tensor}, which does not exist"
        if tensor.shape[axis] != 1:
            return f"squeezes dimension {axis} of input {tensor}, whose length is not 1"
    return None


def _check_expansion(context: OperatorContext) -> str | None:
    tensor, axis_tensor = context.input(0), context.input(1)
    if axis_tensor.elements != 1 or len(axis_tensor.shape) > 1:
        return f"axis {axis_tensor} is not a single number"
    axis = int(axis_tensor.array.reshape(-1)[0])
    rank = len(tensor.shape)
    if not -rank - 1 <= axis <= rank:
        return f"axis {axis} is outside [{-rank - 1}, {rank}]"
    return None


def _expanded_shape(context: OperatorContext) -> tuple[int, ...]:
    shape = list(context.input(0).shape)
    axis = int(context.input(1).array.reshape(-1)[0])
    shape.insert(axis if axis >= 0 else axis + len(shape) + 1, 1)
    return tuple(shape)


# The shape alone changes.
_SAME_BYTES = checks.types(IO_TYPES, 0, same=True)

# What the interpreter takes.
_EXPANDED = ("int8", "int16", "float32")


def _expand_dims(types: tuple[str, ...], note: str = "") -> OperatorSupport:
    constraints = (
        checks.operands(2),
        checks.types(types, 0, same=True),
        checks.constant(1, "axis", ("int32",)),
        Constraint("axis is one number within the output's dimensions", _check_expansion),
        checks.output_shape("output has the input's shape with a 1 at the axis", _expanded_shape),
    )
    return OperatorSupport(
        "EXPAND_DIMS", "copy", constraints, _lower, aliases=True, types=types, note=note
    )


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "RESHAPE",
        "copy",
        (
            checks.operands(1, 1),
            _SAME_BYTES,
            checks.constant(1, "shape", ("int32", "int64")),
            checks.same_elements(),
        ),
        _lower,
        aliases=True,
        types=IO_TYPES,
    ),
    OperatorSupport(
        "SQUEEZE",
        "copy",
        (
            checks.operands(1),
            _SAME_BYTES,
            Constraint("the dimensions to squeeze have length 1", _check_squeeze_dims),
            checks.output_shape("output has the input's shape without them", _squeezed_shape),
        ),
        _lower,
        aliases=True,
        types=IO_TYPES,
    ),
    _expand_dims(_EXPANDED),
    _expand_dims(own_types(_EXPANDED), OWN_NOTE),
)
