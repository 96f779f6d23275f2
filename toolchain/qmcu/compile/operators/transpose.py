"""TRANSPOSE."""

from qmcu.compile.lowering import (
    OWN_NOTE,
    Constraint,
    OperatorContext,
    OperatorSupport,
    own_types,
)
from qmcu.compile.operators import checks, walk
from qmcu.compile.operators.movement import strided_copy
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


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    dense = walk.dense_strides(source.shape)
    strides = [dense[axis] for axis in _permutation(context)]
    return strided_copy(context, target.shape, strides, 0)


def _form(types: tuple[str, ...], note: str = "") -> OperatorSupport:
    constraints = (
        checks.operands(2),
        checks.types(types, 0, same=True),
        checks.input_rank(1, walk.RANK),
        checks.constant(1, "permutation", ("int32",)),
        Constraint("permutation names each dimension once, none negative", _check_permutation),
        checks.output_shape("output has the permuted shape", _transposed_shape),
    )
    return OperatorSupport("TRANSPOSE", "strided_copy", constraints, _lower, types=types, note=note)


SUPPORT: tuple[OperatorSupport, ...] = (
    _form(_TYPES),
    _form(own_types(_TYPES), OWN_NOTE),
)
