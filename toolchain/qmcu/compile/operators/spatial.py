"""DEPTH_TO_SPACE, SPACE_TO_DEPTH, BATCH_TO_SPACE_ND and SPACE_TO_BATCH_ND: pixels move."""

from collections.abc import Callable

from qmcu.compile.lowering import OWN_NOTE, Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.movement import byte_operands, element_size, strided_copy
from qmcu.compile.plan import KernelCall, ParametersArgument


def _block(context: OperatorContext) -> int:
    return context.integer("block_size")


def _check_block(context: OperatorContext) -> str | None:
    block, tensor = _block(context), context.input(0)
    if block < 1:
        return f"block size {block}, at least 1 is needed"
    _, height, width, depth = tensor.shape
    if context.operator.kind == "DEPTH_TO_SPACE":
        fits = depth % (block * block) == 0
        return None if fits else f"channels of input {tensor} are no multiple of {block * block}"
    fits = height % block == 0 and width % block == 0
    return None if fits else f"height and width of input {tensor} are no multiples of {block}"


def _blocked_shape(context: OperatorContext) -> tuple[int, ...]:
    batches, height, width, depth = context.input(0).shape
    block = _block(context)
    if context.operator.kind == "DEPTH_TO_SPACE":
        return batches, height * block, width * block, depth // (block * block)
    return batches, height // block, width // block, depth * block * block


def _lower_depth_to_space(context: OperatorContext) -> KernelCall:
    batches, height, width, depth = context.input(0).shape
    block = _block(context)
    piece = depth // (block * block)
    # Output as (batch, y, y in block, x, x in block, channel).
    lengths = (batches, height, block, width, block, piece)
    strides = (height * width * depth, width * depth, block * piece, depth, piece, 1)
    return strided_copy(context, lengths, strides, 0)


def _lower_space_to_depth(context: OperatorContext) -> KernelCall:
    batches, height, width, depth = context.input(0).shape
    block = _block(context)
    row = width * depth
    # Output as (batch, y, x, y in block, x in block, channel).
    lengths = (batches, height // block, width // block, block, block, depth)
    strides = (height * row, block * row, block * depth, row, depth, 1)
    return strided_copy(context, lengths, strides, 0)


def _blocks(context: OperatorContext) -> tuple[int, int]:
    """Height and width of the block; an input of three dimensions has no width."""
    values = [int(v) for v in context.input(1).array.reshape(-1)]
    return values[0], values[1] if len(context.input(0).shape) == 4 else 1


def _edges(context: OperatorContext) -> tuple[tuple[int, int], tuple[int, int]]:
    """What is padded or cropped: (above, below) and (before, after)."""
    values = [int(v) for v in context.input(2).array.reshape(-1)]
    vertical = (values[0], values[1])
    return vertical, (values[2], values[3]) if len(context.input(0).shape) == 4 else (0, 0)


def _check_blocks(context: OperatorContext) -> str | None:
    needed = len(context.input(0).shape) - 2
    block, edges = context.input(1), context.input(2)
    if block.elements != needed or edges.elements != 2 * needed:
        return f"block {block} and edges {edges} need 1 and 2 numbers for each spatial dimension"
    if (block.array < 1).any() or (edges.array < 0).any():
        return f"block {block.name} or edges {edges.name} hold a negative number or no block"
    return None


def _image(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """(batches, height, width, depth); three dimensions have width 1."""
    return shape if len(shape) == 4 else (*shape[:2], 1, shape[2])  # type: ignore[return-value]


def _batched_shape(context: OperatorContext) -> tuple[int, ...] | None:
    """The output's shape, or None where the block does not fit."""
    batches, height, width, depth = _image(context.input(0).shape)
    (block_height, block_width), ((top, bottom), (left, right)) = _blocks(context), _edges(context)
    if context.operator.kind == "SPACE_TO_BATCH_ND":
        rows, columns = top + height + bottom, left + width + right
        if rows % block_height or columns % block_width:
            return None
        batches *= block_height * block_width
        height, width = rows // block_height, columns // block_width
    else:
        if batches % (block_height * block_width):
            return None
        batches //= block_height * block_width
        height = height * block_height - top - bottom
        width = width * block_width - left - right
    full = (batches, height, width, depth)
    return full if len(context.input(0).shape) == 4 else (batches, height, depth)


def _check_batched(context: OperatorContext) -> str | None:
    wanted, output = _batched_shape(context), context.output()
    if wanted is None:
        return f"the block {_blocks(context)} does not divide input {context.input(0)}"
    return None if output.shape == wanted else f"output {output} has not the shape {wanted}"


def _lower_space_to_batch(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    batches, height, width, depth = _image(source.shape)
    block_height, block_width = _blocks(context)
    parameters = ParametersArgument(
        "qmcu_space_to_batch_nd_params",
        (
            ("batches", batches),
            ("height", height),
            ("width", width),
            ("depth", depth * element_size(source)),
            ("block_height", block_height),
            ("block_width", block_width),
        ),
    )
    return context.call("space_to_batch_nd", (parameters, *byte_operands(context, source, target)))


def _lower_batch_to_space(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    _, height, width, depth = _image(source.shape)
    batches, output_height, output_width, _ = _image(target.shape)
    (block_height, block_width), ((top, _), (left, _)) = _blocks(context), _edges(context)
    parameters = ParametersArgument(
        "qmcu_batch_to_space_nd_params",
        (
            ("batches", batches),
            ("input_height", height),
            ("input_width", width),
            ("depth", depth * element_size(source)),
            ("output_height", output_height),
            ("output_width", output_width),
            ("block_height", block_height),
            ("block_width", block_width),
            ("top", top),
            ("left", left),
        ),
    )
    return context.call("batch_to_space_nd", (parameters, *byte_operands(context, source, target)))


_TYPES = ("int8", "float32")
_BLOCK = (
    checks.operands(1),
    checks.types(_TYPES, 0, same=True),
    checks.input_rank(4, 4),
    Constraint("the block size divides the input", _check_block),
    checks.output_shape("output has the rearranged shape", _blocked_shape),
)
_PAD_NOTE = (
    "What it pads the interpreter fills with memory that it never sets. Here it is filled "
    "by a PAD in front, with zeros (zero points where they are quantized), and the "
    "expected bytes are the interpreter's of those two operators."
)


def _batched(
    kind: str, lower: Callable[[OperatorContext], KernelCall], types: tuple[str, ...], note: str
) -> OperatorSupport:
    constraints = (
        checks.operands(3),
        checks.types(types, 0, same=True),
        checks.input_rank(3, 4),
        checks.constant(1, "block", ("int32",)),
        checks.constant(2, "edges", ("int32",)),
        Constraint("one block size and two edges for each spatial dimension", _check_blocks),
        Constraint("output has the rearranged shape", _check_batched),
    )
    return OperatorSupport(kind, kind.lower(), constraints, lower, types=types, note=note)


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport("DEPTH_TO_SPACE", "strided_copy", _BLOCK, _lower_depth_to_space, types=_TYPES),
    OperatorSupport("SPACE_TO_DEPTH", "strided_copy", _BLOCK, _lower_space_to_depth, types=_TYPES),
    _batched("BATCH_TO_SPACE_ND", _lower_batch_to_space, _TYPES, ""),
    _batched("BATCH_TO_SPACE_ND", _lower_batch_to_space, ("int16",), OWN_NOTE),
    _batched("SPACE_TO_BATCH_ND", _lower_space_to_batch, _TYPES, _PAD_NOTE),
    _batched("SPACE_TO_BATCH_ND", _lower_space_to_batch, ("int16",), f"{OWN_NOTE} {_PAD_NOTE}"),
)
