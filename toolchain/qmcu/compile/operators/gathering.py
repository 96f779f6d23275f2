"""GATHER, GATHER_ND and EMBEDDING_LOOKUP: blocks of the input chosen by indices."""

from math import prod

import numpy as np

from qmcu.compile.lowering import (
    OWN_NOTE,
    Constraint,
    OperatorContext,
    OperatorSupport,
    own_types,
)
from qmcu.compile.operators import checks
from qmcu.compile.operators.movement import byte_operands, element_size
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import Argument, KernelCall, ParametersArgument

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


def _check_no_batch(context: OperatorContext) -> str | None:
    batch = _batch_dims(context)
    return f"{batch} batch dimensions, none is possible" if batch else None


def _gathered_shape(context: OperatorContext) -> tuple[int, ...]:
    shape, axis = context.input(0).shape, _axis(context)
    return (*shape[:axis], *context.input(1).shape[_batch_dims(context) :], *shape[axis + 1 :])


def _operands(context: OperatorContext) -> tuple[Argument, ...]:
    """Input, indices and output for a kernel that moves bytes."""
    source, result = byte_operands(context, context.input(0), context.output())
    return source, context.operand(context.input(1)), result


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
            ("block", prod(source.shape[axis + 1 :]) * element_size(source)),
        ),
    )
    return context.call("gather", (parameters, *_operands(context)))


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


def _gathered_nd_shape(context: OperatorContext) -> tuple[int, ...]:
    return context.input(1).shape[:-1] + context.input(0).shape[_depth(context) :]


def _lower_gather_nd(context: OperatorContext) -> KernelCall:
    source, indices = context.input(0), context.input(1)
    size = element_size(source)
    block = prod(source.shape[_depth(context) :]) * size
    steps = [step * size for step in _steps(context)]
    parameters = ParametersArgument(
        "qmcu_gather_nd_params",
        (
            ("count", prod(indices.shape[:-1])),
            ("indices", _depth(context)),
            ("steps", tuple(steps + [0] * (_INDICES - _depth(context)))),
            ("block", block),
            ("last", source.size - block),
        ),
    )
    return context.call("gather_nd", (parameters, *_operands(context)))


def _check_table(context: OperatorContext) -> str | None:
    indices, table = context.input(0), context.input(1)
    if len(indices.shape) != 1 or len(table.shape) < 2:
        return f"indices {indices} or table {table} have too few or too many dimensions"
    if not indices.is_constant:
        return None
    wrong = [int(i) for i in indices.array if not 0 <= i < table.shape[0]]
    return f"index {wrong[0]} of a table with {table.shape[0]} rows" if wrong else None


def _check_hybrid(context: OperatorContext) -> str | None:
    quantization = context.input(1).quantization
    if quantization is None or quantization.per_channel or quantization.zero_point != 0:
        return f"table {context.input(1).name} needs one scale and the zero point 0"
    return None


def _looked_up_shape(context: OperatorContext) -> tuple[int, ...]:
    return context.input(0).shape + context.input(1).shape[1:]


def _lower_rows(context: OperatorContext) -> KernelCall:
    indices, table = context.input(0), context.input(1)
    parameters = ParametersArgument(
        "qmcu_gather_params",
        (
            ("batches", 1),
            ("rows", 1),
            ("length", table.shape[0]),
            ("count", indices.elements),
            ("block", table.size // table.shape[0]),
        ),
    )
    source, result = byte_operands(context, table, context.output())
    return context.call("gather", (parameters, source, context.operand(indices), result))


def _lower_real_rows(context: OperatorContext) -> KernelCall:
    indices, table = context.input(0), context.input(1)
    parameters = ParametersArgument(
        "qmcu_embedding_lookup_s8_f32_params",
        (
            ("count", indices.elements),
            ("rows", table.shape[0]),
            ("length", table.elements // table.shape[0]),
            ("scale", quantization_of(table).scale),
        ),
    )
    operands = (context.operand(t) for t in (indices, table, context.output()))
    return context.call("embedding_lookup_s8_f32", (parameters, *operands))


_TYPES = ("int8", "float32")
_OWN = own_types(_TYPES)


def _gather(types: tuple[str, ...], *further: Constraint, note: str = "") -> OperatorSupport:
    constraints = (
        checks.operands(2),
        checks.types(types, 0, same=True),
        checks.types("int32", 1, outputs=False),
        checks.input_rank(1, 8),
        Constraint("axis and batch dimensions within both inputs", _check_axis),
        *further,
        Constraint("indices lie inside the input", _check_indices),
        checks.output_shape("output has the gathered shape", _gathered_shape),
    )
    return OperatorSupport("GATHER", "gather", constraints, _lower_gather, types=types, note=note)


def _gather_nd(types: tuple[str, ...], note: str = "") -> OperatorSupport:
    constraints = (
        checks.operands(2),
        checks.types(types, 0, same=True),
        checks.types("int32", 1, outputs=False),
        checks.input_rank(1, 8),
        Constraint(f"at most {_INDICES} indices name a block", _check_nd),
        Constraint("indices lie inside the input", _check_nd_indices),
        checks.output_shape("output has the gathered shape", _gathered_nd_shape),
    )
    return OperatorSupport(
        "GATHER_ND", "gather_nd", constraints, _lower_gather_nd, types=types, note=note
    )


SUPPORT: tuple[OperatorSupport, ...] = (
    _gather(_TYPES),
    _gather(_OWN, Constraint("no batch dimensions", _check_no_batch), note=OWN_NOTE),
    _gather_nd(_TYPES),
    _gather_nd(_OWN, note=OWN_NOTE),
    OperatorSupport(
        "EMBEDDING_LOOKUP",
        "gather",
        (
            checks.operands(2),
            checks.types(_TYPES, 1, same=True),
            checks.types("int32", 0, outputs=False),
            Constraint("indices are a list, each inside the table", _check_table),
            checks.output_shape("output has a row for each index", _looked_up_shape),
        ),
        _lower_rows,
        types=_TYPES,
    ),
    OperatorSupport(
        "EMBEDDING_LOOKUP",
        "embedding_lookup_s8_f32",
        (
            checks.operands(2),
            checks.types("int8", 1, outputs=False),
            checks.types("int32", 0, outputs=False),
            checks.output_types("float32"),
            Constraint("indices are a list, each inside the table", _check_table),
            Constraint("table has one scale and zero point 0", _check_hybrid),
            checks.output_shape("output has a row for each index", _looked_up_shape),
        ),
        _lower_real_rows,
    ),
)
