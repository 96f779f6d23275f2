"""MIRROR_PAD."""

from qmcu.compile.lowering import (
    OWN_NOTE,
    Constraint,
    OperatorContext,
    OperatorSupport,
    own_types,
)
from qmcu.compile.operators import checks, walk
from qmcu.compile.operators.movement import byte_operands, element_size
from qmcu.compile.plan import KernelCall, ParametersArgument


def _paddings(context: OperatorContext) -> list[tuple[int, int]]:
    values = context.input(1).array.reshape(-1, 2)
    return [(int(before), int(after)) for before, after in values]


def _edge(context: OperatorContext) -> int:
    """1 when the edge is not repeated."""
    return int(context.text("mode", "REFLECT") == "REFLECT")


def _check_paddings(context: OperatorContext) -> str | None:
    tensor, paddings = context.input(0), context.input(1)
    if paddings.shape != (len(tensor.shape), 2):
        return f"paddings {paddings} need two numbers for each dimension of input {tensor}"
    for axis, (before, after) in enumerate(_paddings(context)):
        largest = max(0, tensor.shape[axis] - _edge(context))
        if before < 0 or after < 0:
            return f"paddings {paddings.name} hold a negative number"
        if before > largest:
            return f"pads {before} before dimension {axis} of {tensor}, at most {largest} fit"
    return None


def _check_ends(context: OperatorContext) -> str | None:
    for axis, (_, after) in enumerate(_paddings(context)):
        if after > max(0, context.input(0).shape[axis] - _edge(context)):
            return f"pads {after} behind dimension {axis} of {context.input(0)}, which has fewer"
    return None


# Beyond what there is to mirror tflite-micro mirrors what it has mirrored; LiteRT has no such.
_ENDS = Constraint("paddings behind no longer than what they mirror", _check_ends)


def _padded_shape(context: OperatorContext) -> tuple[int, ...]:
    lengths = zip(context.input(0).shape, _paddings(context), strict=True)
    return tuple(length + before + after for length, (before, after) in lengths)


def _fused(
    shape: tuple[int, ...], paddings: list[tuple[int, int]]
) -> tuple[list[tuple[int, int, int, int]], int]:
    """Dimensions (output length, padding before, input length, step), and the bytes of a block.

    What is not padded at the end is the block; elsewhere a dimension that is not padded becomes
    one with a neighbour that is not.
    """
    block, step = 1, 1
    dimensions: list[tuple[int, int, int, int]] = []
    padded = False
    for length, (before, after) in zip(reversed(shape), reversed(paddings), strict=True):
        moved = before > 0 or after > 0
        if not moved and not dimensions:
            block *= length
        elif not moved and not padded:
            _, _, inner, inner_step = dimensions.pop(0)
            dimensions.insert(0, (inner * length, 0, inner * length, inner_step))
        else:
            dimensions.insert(0, (before + length + after, before, length, step))
            padded = moved
        step *= length
    return dimensions, block


def _check_rank(context: OperatorContext) -> str | None:
    dimensions, _ = _fused(context.input(0).shape, _paddings(context))
    if len(dimensions) <= walk.RANK:
        return None
    return f"pads so that {len(dimensions)} dimensions remain, at most {walk.RANK} are possible"


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    dimensions, block = _fused(source.shape, _paddings(context))
    size = element_size(source)
    missing = [(1, 0, 1, 0)] * (walk.RANK - len(dimensions))
    shape, before, lengths, steps = zip(*missing, *dimensions, strict=True)
    parameters = ParametersArgument(
        "qmcu_mirror_pad_params",
        (
            ("shape", shape),
            ("before", before),
            ("input", lengths),
            ("steps", tuple(step * size for step in steps)),
            ("edge", _edge(context)),
            ("block", block * size),
        ),
    )
    return context.call("mirror_pad", (parameters, *byte_operands(context, source, target)))


_TYPES = ("int8", "float32")

SUPPORT: tuple[OperatorSupport, ...] = tuple(
    OperatorSupport(
        "MIRROR_PAD",
        "mirror_pad",
        (
            checks.operands(2),
            checks.types(types, 0, same=True),
            checks.input_rank(0, 8),
            checks.constant(1, "paddings", ("int32", "int64")),
            Constraint("paddings before no longer than what they mirror", _check_paddings),
            *((_ENDS,) if note else ()),
            checks.output_shape("output has the padded shape", _padded_shape),
            Constraint(f"at most {walk.RANK} groups of dimensions", _check_rank),
        ),
        _lower,
        types=types,
        note=note,
    )
    for types, note in ((_TYPES, ""), (own_types(_TYPES), OWN_NOTE))
)
