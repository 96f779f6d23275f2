"""GATHER and GATHER_ND: blocks of the input chosen by indices."""

from math import prod

import numpy as np

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.plan import KernelCall, ParametersArgument

# The interpreter's own limit.
_INDICES = 5


def _axis(context: OperatorContext) -> int:
    axis = context.integer("axis")
    return axis + len(context.input(0).shape) if axis < 0 else axis


def _batch_dims(context: OperatorContext) -> int:
    dims = context.integer("batch_dims")
    return dims + len(context.input(1).shape) if dims < 0 else dims


def _check_axis(context: OperatorContext) -> str | None:
    tensor, indices = context.input(0), context.input(1)
    axis, batch = _axis(context), _batch_dims(context)
    if not 0 <= axis < len(tensor.shape):
        return f"axis {context.integer('axis')} is outside input {tensor}"
    if not 0 <= batch <= min(axis, len(indices.shape)):
        return f"{batch} batch dimensions, at most {min(axis, len(indices.shape))} are possible"
    if tensor.shape[:batch] != indices.shape[:batch]:
        return f"the batch dimensions of input {tensor} and indices {indices} differ"
    return None


def _check_indices(context: OperatorContext) -> str | None:
    indices, length = context.input(1), context.input(0).shape[_axis(context)]
    if not indices.is_constant:
        return None
    wrong = [int(i) for i in indices.array.reshape(-1) if not 0 <= i < length]
    return f"index {wrong[0]} of a dimension of length {length}" if wrong else None


def _gathered(context: OperatorContext) -> tuple[int, ...]:
    shape, axis = context.input(0).shape, _axis(context)
    return (*shape[:axis], *context.input(1).shape[_batch_dims(context) :], *shape[axis + 1 :])


def _lower_gather(context: OperatorContext) -> KernelCall:
    source, indices = context.input(0), context.input(1)
    axis, batch = _axis(context), _batch_dims(context)
    parameters = ParametersArgument(
        "qmcu_gather_params",
        (
            ("batches", prod(source.shape[:batch])),
            ("rows", prod(source.shape[batch:axis])),
            ("length", source.shape[axis]),
            ("count", prod(indices.shape[batch:])),
            ("block", prod(source.shape[axis + 1 :])),
        ),
    )
    operands = (context.operand(t) for t in (source, indices, context.output()))
    return context.call("gather", (parameters, *operands))


def _depth(context: OperatorContext) -> int:
    """How many indices name a block."""
    return context.input(1).shape[-1]


def _check_nd(context: OperatorContext) -> str | None:
    tensor, indices = context.input(0), context.input(1)
    largest = min(_INDICES, len(tensor.shape))
    if not indices.shape or _depth(context) > largest:
        return f"indices {indices} name a block of {tensor}, at most {largest} numbers can"
    return None


def _steps(context: OperatorContext) -> list[int]:
    shape = context.input(0).shape
    return [prod(shape[d + 1 :]) for d in range(_depth(context))]


def _check_nd_indices(context: OperatorContext) -> str | None:
    tensor, indices = context.input(0), context.input(1)
    if not indices.is_constant:
        return None
    offsets = indices.array.reshape(-1, _depth(context)).astype(np.int64) @ _steps(context)
    last = tensor.elements - prod(tensor.shape[_depth(context) :])
    wrong = [int(i) for i, offset in enumerate(offsets) if not 0 <= offset <= last]
    return f"the indices {wrong[0]} of {indices.name} lie outside input {tensor}" if wrong else None


def _gathered_nd(context: OperatorContext) -> tuple[int, ...]:
    return context.input(1).shape[:-1] + context.input(0).shape[_depth(context) :]


def _lower_gather_nd(context: OperatorContext) -> KernelCall:
    source, indices = context.input(0), context.input(1)
    block = prod(source.shape[_depth(context) :])
    parameters = ParametersArgument(
        "qmcu_gather_nd_params",
        (
            ("count", prod(indices.shape[:-1])),
            ("indices", _depth(context)),
            ("steps", tuple(_steps(context) + [0] * (_INDICES - _depth(context)))),
            ("block", block),
            ("last", source.size - block),
        ),
    )
    operands = (context.operand(t) for t in (source, indices, context.output()))
    return context.call("gather_nd", (parameters, *operands))


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "GATHER",
        "gather",
        (
            checks.operands(2),
            checks.int8(0),
            checks.constant(1, "indices", ("int32",)),
            checks.input_rank(1, 8),
            Constraint("axis and batch dimensions within both inputs", _check_axis),
            Constraint("indices lie inside the input", _check_indices),
            checks.output_shape("output has the gathered shape", _gathered),
        ),
        _lower_gather,
    ),
    OperatorSupport(
        "GATHER_ND",
        "gather_nd",
        (
            checks.operands(2),
            checks.int8(0),
            checks.constant(1, "indices", ("int32",)),
            checks.input_rank(1, 8),
            Constraint(f"at most {_INDICES} indices name a block", _check_nd),
            Constraint("indices lie inside the input", _check_nd_indices),
            checks.output_shape("output has the gathered shape", _gathered_nd),
        ),
        _lower_gather_nd,
    ),
)
