"""What operators that only move elements share: elements by their size, strided copies."""

from collections.abc import Sequence

from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators import walk
from qmcu.compile.plan import Argument, FieldValue, KernelCall, ParametersArgument
from qmcu.model.graph import ITEM_SIZES, Tensor


def element_size(tensor: Tensor) -> int:
    """Bytes of an element."""
    return int(ITEM_SIZES[tensor.dtype])


def byte_operands(context: OperatorContext, *tensors: Tensor) -> tuple[Argument, ...]:
    """Arguments for operands whose bytes alone matter."""
    return tuple(context.operand(tensor, as_bytes=True) for tensor in tensors)


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
