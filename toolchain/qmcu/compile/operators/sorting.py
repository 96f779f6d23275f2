"""TOPK_V2 and BUCKETIZE: what only compares elements."""

from math import prod

import numpy as np

from qmcu.compile.lowering import COMPARED_NOTE, Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.plan import KernelCall, ParametersArgument
from qmcu.model.passes.comparing import boundaries_of

# Of each type: what its kernel is called behind the name.
_SORTED = {
    "int8": "", "int16": "_s16", "int32": "_s32", "int64": "_s64", "uint8": "_u8",
    "float32": "_f32",
}  # fmt: skip
_SORTED_INTO = ("float32", "int32", "int64")


def _count(context: OperatorContext) -> int:
    return int(context.input(1).array.reshape(-1)[0])


def _check_count(context: OperatorContext) -> str | None:
    tensor, count = context.input(0), context.input(1)
    if count.elements != 1:
        return f"count {count} is not a single number"
    if 1 <= _count(context) <= tensor.shape[-1]:
        return None
    return f"takes the {_count(context)} largest of rows of {tensor.shape[-1]} (input {tensor})"


def _check_results(context: OperatorContext) -> str | None:
    values, places = context.output(0), context.output(1)
    if values.dtype != context.input(0).dtype:
        return f"output {values} is not of input {context.input(0)}'s type"
    if places.dtype != "int32":
        return f"output 1 {places.name} is {places.dtype}, int32 is needed"
    wanted = (*context.input(0).shape[:-1], _count(context))
    for output in (values, places):
        if output.shape != wanted:
            return f"output {output.name} has shape {output.shape}, {wanted} is needed"
    return None


def _lower_top_k(context: OperatorContext) -> KernelCall:
    source = context.input(0)
    fields = (
        ("rows", prod(source.shape[:-1])),
        ("length", source.shape[-1]),
        ("count", _count(context)),
    )
    parameters = ParametersArgument("qmcu_top_k_params", fields)
    operands = (context.operand(t) for t in (source, context.output(0), context.output(1)))
    return context.call(f"top_k{_SORTED[source.dtype]}", (parameters, *operands))


def _check_boundaries(context: OperatorContext) -> str | None:
    try:
        boundaries = boundaries_of(context.operator)
    except ValueError:
        return "its boundaries do not ascend"
    return None if boundaries.size else "it has no boundaries"


def _lower_bucketize(context: OperatorContext) -> KernelCall:
    source, boundaries = context.input(0), boundaries_of(context.operator)
    fields = (("size", source.elements), ("count", boundaries.size))
    arguments = (
        ParametersArgument("qmcu_bucketize_params", fields),
        context.operand(source),
        context.constant("boundaries", boundaries.astype(np.float32), "data"),
        context.operand(context.output()),
    )
    kernel = {"float32": "f32", "int32": "s32", "int64": "s64"}[source.dtype]
    return context.call(f"bucketize_{kernel}", arguments)


SUPPORT: tuple[OperatorSupport, ...] = (
    *(
        OperatorSupport(
            "TOPK_V2",
            f"top_k{suffix}",
            (
                checks.operands(2, outputs=2),
                checks.types(dtype, 0, outputs=False),
                checks.input_rank(1, 8),
                checks.constant(1, "count", ("int32",)),
                Constraint("count 1 to the length of a row", _check_count),
                Constraint("outputs of the input's type and int32, a row's count", _check_results),
            ),
            _lower_top_k,
            types=(dtype,),
            note=COMPARED_NOTE,
        )
        for dtype, suffix in _SORTED.items()
    ),
    *(
        OperatorSupport(
            "BUCKETIZE",
            f"bucketize_{suffix}",
            (
                checks.operands(1),
                checks.types(dtype, outputs=False),
                checks.output_types("int32"),
                checks.same_shape(),
                Constraint("one boundary or more, ascending", _check_boundaries),
            ),
            _lower_bucketize,
            types=(dtype,),
            note=COMPARED_NOTE,
        )
        for dtype, suffix in zip(_SORTED_INTO, ("f32", "s32", "s64"), strict=True)
    ),
)
