"""What operators that only move elements share: elements by their size, strided copies."""

from collections.abc import Callable, Sequence

from qmcu.compile.lowering import Constraint, OperatorContext
from qmcu.compile.operators import walk
from qmcu.compile.plan import Argument, FieldValue, KernelCall, ParametersArgument
from qmcu.model.graph import ITEM_SIZES, Tensor


def element_size(tensor: Tensor) -> int:
    """Bytes of an element."""
    return int(ITEM_SIZES[tensor.dtype])


def byte_operands(context: OperatorContext, *tensors: Tensor) -> tuple[Argument, ...]:
    """Arguments for operands whose bytes alone matter."""
    return tuple(context.operand(tensor, as_bytes=True) for tensor in tensors)


def short_walk(
    walk_of: Callable[[OperatorContext], tuple[Sequence[int], Sequence[int]]],
) -> Constraint:
    """What `strided_copy` can take of these lengths and strides: RANK dimensions at most, once
    those of length 1 are left out and neighbours that stay side by side are one.
    """

    def check(context: OperatorContext) -> str | None:
        rank = walk.rank(*walk_of(context))
        return None if rank <= walk.RANK else f"moves so many dimensions that a walk has {rank}"

    return Constraint(
        f"a walk of at most {walk.RANK} dimensions, where those that stay side by side are one",
        check,
    )


def strided_copy(
    context: OperatorContext,
    lengths: Sequence[int],
    strides: Sequence[int],
    start: int,
    source: Tensor | None = None,
) -> KernelCall:
    """The output's elements, in order, from `start` in the source, `strides` elements apart.

    The source is the operator's first input where none is given.
    """
    source = source or context.input(0)
    size = element_size(source)
    shape, (steps,) = walk.fused(lengths, strides)
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("shape", shape),
        ("strides", steps),
        ("start", start),
    )
    kernel = "strided_copy"
    if size > 1 and (steps[-1] == 1 or shape[-1] == 1):
        # Whole rows side by side: as good as bytes.
        shape, steps = (*shape[:-1], shape[-1] * size), (*(s * size for s in steps[:-1]), 1)
        fields = (("shape", shape), ("strides", steps), ("start", start * size))
    elif size > 1:
        kernel = "strided_copy_wide"
        steps = tuple(step * size for step in steps)
        fields = (("shape", shape), ("strides", steps), ("start", start * size), ("size", size))
    parameters = ParametersArgument(f"qmcu_{kernel}_params", fields)
    return context.call(kernel, (parameters, *byte_operands(context, source, context.output())))
