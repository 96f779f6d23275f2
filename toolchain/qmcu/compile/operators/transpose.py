"""TRANSPOSE."""

from qmcu.compile.lowering import (
    OWN_NOTE,
    Constraint,
    OperatorContext,
    OperatorSupport,
    own_types,
)
from qmcu.compile.operators import checks, walk
from qmcu.compile.operators.movement import short_walk, strided_copy
from qmcu.compile.plan import KernelCall

_TYPES = ("int8", "int16", "float32")


def _permutation(context: OperatorContext) -> list[int]:
    return [int(axis) for axis in context.input(1).array.reshape(-1)]


def _check_permutation(context: OperatorContext) -> str | None:
    tensor, permutation = context.input(0), _permutation(context)
    if len(context.input(1).shape) == 1 and sorted(permutation) == [*range(len(tensor.shape))]:
        return None
    return f"{permutation} does not permute the dimensions of input {tensor}"


def _transposed_shape(context: OperatorContext) -> tuple[int, ...]:
    shape = context.input(0).shape
    return tuple(shape[axis] for axis in _permutation(context))


def _walk(context: OperatorContext) -> tuple[tuple[int, ...], list[int]]:
    dense = walk.dense_strides(context.input(0).shape)
    return _transposed_shape(context), [dense[axis] for axis in _permutation(context)]


def _lower(context: OperatorContext) -> KernelCall:
    return strided_copy(context, *_walk(context), 0)


def _form(types: tuple[str, ...], least: int, most: int, note: str = "") -> OperatorSupport:
    """Of inputs of these types with this many dimensions."""
    constraints = (
        checks.operands(2),
        checks.types(types, 0, same=True),
        checks.input_rank(least, most),
        checks.constant(1, "permutation", ("int32",)),
        Constraint("permutation names each dimension once, none negative", _check_permutation),
        short_walk(_walk),
        checks.output_shape("output has the permuted shape", _transposed_shape),
    )
    return OperatorSupport("TRANSPOSE", "strided_copy", constraints, _lower, types=types, note=note)


SUPPORT: tuple[OperatorSupport, ...] = (
    _form(_TYPES, 1, 5),
    # tflite-micro's takes no more.
    _form(_TYPES, 6, 8, OWN_NOTE),
    _form(own_types(_TYPES), 1, 8, OWN_NOTE),
)
