"""SLICE, REVERSE_V2, BROADCAST_TO and TILE: strided copies."""

from qmcu.compile.lowering import (
    IO_TYPES,
    OWN_NOTE,
    TYPES,
    Constraint,
    OperatorContext,
    OperatorSupport,
    own_types,
)
from qmcu.compile.operators import checks, walk
from qmcu.compile.operators.movement import (
    byte_operands,
    element_size,
    short_walk,
    strided_copy,
)
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument


def _numbers(context: OperatorContext, position: int) -> list[int]:
    return [int(n) for n in context.input(position).array.reshape(-1)]


def _check_slice(context: OperatorContext) -> str | None:
    tensor = context.input(0)
    begins, sizes = _numbers(context, 1), _numbers(context, 2)
    if not len(begins) == len(sizes) == len(tensor.shape):
        return f"begin and size need one number for each dimension of input {tensor}"
    for axis, (begin, size) in enumerate(zip(begins, sizes, strict=True)):
        length = tensor.shape[axis]
        if begin < 0 or size < -1 or begin + max(size, 0) > length:
            return f"takes {size} from {begin} on of dimension {axis} of input {tensor}"
    return None


def _sliced_shape(context: OperatorContext) -> tuple[int, ...]:
    taken = zip(context.input(0).shape, _numbers(context, 1), _numbers(context, 2), strict=True)
    return tuple(length - begin if size == -1 else size for length, begin, size in taken)


def _slice_walk(context: OperatorContext) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return _sliced_shape(context), walk.dense_strides(context.input(0).shape)


def _lower_slice(context: OperatorContext) -> KernelCall:
    dense = walk.dense_strides(context.input(0).shape)
    start = sum(n * stride for n, stride in zip(_numbers(context, 1), dense, strict=True))
    return strided_copy(context, *_slice_walk(context), start)


def _check_sizes(context: OperatorContext) -> str | None:
    """Where begin is computed: a size of -1 is then a whole dimension."""
    tensor, begins, sizes = context.input(0), context.input(1), _numbers(context, 2)
    if not begins.elements == len(sizes) == len(tensor.shape):
        return f"begin and size need one number for each dimension of input {tensor}"
    for axis, (length, size) in enumerate(zip(tensor.shape, sizes, strict=True)):
        if not (size == -1 or 0 < size <= length):
            return f"takes {size} of dimension {axis} of input {tensor}"
    return None


def _known_shape(context: OperatorContext) -> tuple[int, ...]:
    pairs = zip(context.input(0).shape, _numbers(context, 2), strict=True)
    return tuple(length if size == -1 else size for length, size in pairs)


def _lower_computed_slice(context: OperatorContext) -> KernelCall:
    tensor, begins, output = context.input(0), context.input(1), context.output()
    size = element_size(tensor)
    missing = walk.RANK - len(tensor.shape)
    ones, zeros = (1,) * missing, (0,) * missing
    steps = (*zeros, *(step * size for step in walk.dense_strides(tensor.shape)))
    lengths = (*ones, *output.shape)
    room = (a - b for a, b in zip(tensor.shape, output.shape, strict=True))
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("shape", (*lengths[:-1], lengths[-1] * size)),
        ("strides", steps),
        ("room", (*zeros, *room)),
        ("dimensions", len(tensor.shape)),
        ("wide", int(begins.dtype == "int64")),
    )
    source, target = byte_operands(context, tensor, output)
    (where,) = byte_operands(context, begins)
    parameters = ParametersArgument("qmcu_slice_params", fields)
    return context.call("slice", (parameters, source, where, target))


def _reversed_axes(context: OperatorContext) -> list[int]:
    rank = len(context.input(0).shape)
    return sorted(axis % rank for axis in _numbers(context, 1))


def _check_reversed(context: OperatorContext) -> str | None:
    rank, found = len(context.input(0).shape), _numbers(context, 1)
    if not found or not all(-rank <= axis < rank for axis in found):
        return f"reverses the dimensions {found} of an input with {rank}"
    axes = _reversed_axes(context)
    if axes != list(range(axes[0], axes[0] + len(axes))):
        return f"reverses the dimensions {axes}, which are no neighbours (nor for the interpreter)"
    return None


def _lower_reverse(context: OperatorContext) -> KernelCall:
    shape, axes = context.input(0).shape, _reversed_axes(context)
    dense = walk.dense_strides(shape)
    strides = [-stride if axis in axes else stride for axis, stride in enumerate(dense)]
    start = sum((shape[axis] - 1) * dense[axis] for axis in axes)
    return strided_copy(context, shape, strides, start)


def _check_broadcast(context: OperatorContext) -> str | None:
    tensor, output = context.input(0), context.output()
    if tuple(_numbers(context, 1)) != output.shape:
        return f"output {output} has not the shape {_numbers(context, 1)}"
    shape = (1,) * (len(output.shape) - len(tensor.shape)) + tensor.shape
    fits = len(shape) == len(output.shape) and all(
        n in (1, wanted) for n, wanted in zip(shape, output.shape, strict=True)
    )
    return None if fits else f"input {tensor} does not broadcast to output {output}"


def _lower_broadcast(context: OperatorContext) -> KernelCall:
    shape = context.output().shape
    strides = walk.broadcast_strides(context.input(0).shape, shape)
    return strided_copy(context, shape, strides, 0)


def _tiled_shape(context: OperatorContext) -> tuple[int, ...]:
    pairs = zip(context.input(0).shape, _numbers(context, 1), strict=True)
    return tuple(length * times for length, times in pairs)


def _tile_walk(context: OperatorContext) -> tuple[list[int], list[int]]:
    """Lengths and strides of a walk that begins each dimension anew as often as it is repeated."""
    shape = context.input(0).shape
    lengths, strides = [], []
    for length, times, stride in zip(
        shape, _numbers(context, 1), walk.dense_strides(shape), strict=True
    ):
        lengths += [times, length]
        strides += [0, stride]
    return lengths, strides


def _check_tile(context: OperatorContext) -> str | None:
    tensor, times = context.input(0), _numbers(context, 1)
    if len(times) != len(tensor.shape) or min(times, default=1) < 1:
        return f"repeats input {tensor} {times} times; a number above 0 for each is needed"
    return None


def _lower_tile(context: OperatorContext) -> KernelCall:
    return strided_copy(context, *_tile_walk(context), 0)


_SLICED = ("int8", "int16", "int32", "bool", "float32")
_INDICES = ("int32", "int64")

_OWN_SLICED = own_types(_SLICED)
_MOVED_NOTE = (
    "Where begin is computed, a slice that would begin outside the input is moved to where "
    "it fits; the interpreter reads whatever lies there."
)


def _slice(types: tuple[str, ...], least: int, most: int, note: str = "") -> OperatorSupport:
    """Of inputs of these types with this many dimensions."""
    constraints = (
        checks.operands(3),
        checks.types(types, 0, same=True),
        checks.input_rank(least, most),
        checks.constant(1, "begin", _INDICES),
        checks.constant(2, "size", _INDICES),
        Constraint("begin and size lie inside the input", _check_slice),
        checks.output_shape("output has the slice's shape, which is not empty", _sliced_shape),
        short_walk(_slice_walk),
    )
    return OperatorSupport(
        "SLICE", "strided_copy", constraints, _lower_slice, types=types, note=note
    )


def _computed_slice(types: tuple[str, ...], note: str) -> OperatorSupport:
    constraints = (
        checks.operands(3),
        checks.types(types, 0, same=True),
        checks.input_rank(1, walk.RANK),
        checks.types(_INDICES, 1, outputs=False),
        checks.constant(2, "size", _INDICES),
        Constraint("one begin and size for each dimension, sizes within it", _check_sizes),
        checks.output_shape("output has the sizes", _known_shape),
    )
    return OperatorSupport(
        "SLICE", "slice", constraints, _lower_computed_slice, types=types, note=note
    )


SUPPORT: tuple[OperatorSupport, ...] = (
    _slice(_SLICED, 1, 5),
    # tflite-micro's takes no more.
    _slice(_SLICED, 6, 8, OWN_NOTE),
    _computed_slice(_SLICED, _MOVED_NOTE),
    _slice(_OWN_SLICED, 1, 8, OWN_NOTE),
    _computed_slice(_OWN_SLICED, f"{OWN_NOTE} {_MOVED_NOTE}"),
    OperatorSupport(
        "REVERSE_V2",
        "strided_copy",
        (
            checks.operands(2),
            checks.types(TYPES, 0, same=True),
            checks.input_rank(1, 6),
            checks.constant(1, "axes", ("int32",)),
            Constraint("axes are neighbouring dimensions", _check_reversed),
            checks.same_shape(),
        ),
        _lower_reverse,
        types=TYPES,
    ),
    OperatorSupport(
        "BROADCAST_TO",
        "strided_copy",
        (
            checks.operands(2),
            checks.types(IO_TYPES, 0, same=True),
            checks.input_rank(0, walk.RANK),
            checks.output_rank(1, walk.RANK),
            checks.constant(1, "shape", _INDICES),
            Constraint("input broadcasts to the shape, which is the output's", _check_broadcast),
        ),
        _lower_broadcast,
        types=IO_TYPES,
    ),
    OperatorSupport(
        "TILE",
        "strided_copy",
        (
            checks.operands(2),
            checks.types(TYPES, 0, same=True),
            checks.same_quantization(0),
            checks.input_rank(1, 8),
            checks.constant(1, "multiples", _INDICES),
            Constraint("multiples are one for each dimension, above 0", _check_tile),
            short_walk(_tile_walk),
            checks.output_shape("output is the input, each dimension repeated", _tiled_shape),
        ),
        _lower_tile,
        types=TYPES,
        note=OWN_NOTE,
    ),
)
