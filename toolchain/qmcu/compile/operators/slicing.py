"""STRIDED_SLICE."""

from dataclasses import dataclass

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

_TYPES = ("int8", "int16", "int32", "bool", "float32")
_INDICES = ((1, "begin"), (2, "end"), (3, "strides"))


@dataclass(frozen=True)
class _Axis:
    """What is taken from one dimension: `length` elements from `first` on, `step` apart."""

    first: int
    length: int
    step: int
    shrinks: bool


def _axis(context: OperatorContext, axis: int) -> _Axis:
    size = context.input(0).shape[axis]
    begin, end, step = (int(context.input(p).array.reshape(-1)[axis]) for p, _ in _INDICES)
    bit = 1 << axis
    low, high = (0, size) if step > 0 else (-1, size - 1)
    first = min(max(begin + size if begin < 0 else begin, low), high)
    if context.integer("begin_mask") & bit:
        first = 0 if step > 0 else size - 1
    last = min(max(end + size if end < 0 else end, low), high)
    if context.integer("end_mask") & bit:
        last = size if step > 0 else -1
    if context.integer("shrink_axis_mask") & bit:
        return _Axis(first, 1, 1, True)
    span = last - first if step > 0 else first - last
    return _Axis(first, max(0, -(-span // abs(step))), step, False)


def _axes(context: OperatorContext) -> list[_Axis]:
    return [_axis(context, axis) for axis in range(len(context.input(0).shape))]


def _check_masks(context: OperatorContext) -> str | None:
    for option in ("ellipsis_mask", "new_axis_mask"):
        if context.integer(option):
            return f"{option} is {context.integer(option)}, 0 is needed"
    if context.operator.options.get("offset", False):
        return "end is relative to begin (offset), an absolute end is needed"
    return None


def _check_indices(context: OperatorContext) -> str | None:
    tensor = context.input(0)
    for position, role in _INDICES:
        indices = context.input(position)
        if indices.elements != len(tensor.shape):
            return f"{role} {indices} needs one number for each dimension of input {tensor}"
    if (context.input(3).array == 0).any():
        return f"strides {context.input(3).name} hold a zero"
    return None


def _check_shrunk(context: OperatorContext) -> str | None:
    for axis, size in enumerate(context.input(0).shape):
        if not context.integer("shrink_axis_mask") & (1 << axis):
            continue
        begin, step = (int(context.input(p).array.reshape(-1)[axis]) for p in (1, 3))
        if step < 0:
            return f"shrinks dimension {axis} with stride {step}, a positive one is needed"
        if not context.integer("begin_mask") & (1 << axis) and not -size <= begin < size:
            return f"shrinks dimension {axis} of length {size} to its index {begin}"
    return None


def _check_forwards(context: OperatorContext) -> str | None:
    backwards = bool((context.input(3).array < 0).any())
    return f"strides {context.input(3).name} hold a negative one" if backwards else None


def _sliced_shape(context: OperatorContext) -> tuple[int, ...]:
    return tuple(axis.length for axis in _axes(context) if not axis.shrinks)


def _walk(context: OperatorContext) -> tuple[list[int], list[int]]:
    axes, dense = _axes(context), walk.dense_strides(context.input(0).shape)
    strides = [axis.step * stride for axis, stride in zip(axes, dense, strict=True)]
    return [axis.length for axis in axes], strides


def _lower(context: OperatorContext) -> KernelCall:
    dense = walk.dense_strides(context.input(0).shape)
    start = sum(a.first * stride for a, stride in zip(_axes(context), dense, strict=True))
    return strided_copy(context, *_walk(context), start)


def _form(
    types: tuple[str, ...], least: int, most: int, *further: Constraint, note: str = ""
) -> OperatorSupport:
    """Of inputs of these types with this many dimensions."""
    constraints = (
        checks.operands(4),
        checks.types(types, 0, same=True),
        checks.input_rank(least, most),
        *(checks.constant(position, role, ("int32",)) for position, role in _INDICES),
        Constraint("no ellipsis mask, new-axis mask or offset", _check_masks),
        Constraint("one begin, end and nonzero stride for each dimension", _check_indices),
        Constraint("shrunk dimensions: positive stride, index in range", _check_shrunk),
        *further,
        checks.output_shape("output has the slice's shape, which is not empty", _sliced_shape),
        short_walk(_walk),
    )
    return OperatorSupport(
        "STRIDED_SLICE", "strided_copy", constraints, _lower, types=types, note=note
    )


_OWN = own_types(_TYPES)
_FORWARDS = Constraint("positive strides", _check_forwards)

SUPPORT: tuple[OperatorSupport, ...] = (
    _form(_TYPES, 1, 4),
    _form(_TYPES, 5, 8, _FORWARDS, note=OWN_NOTE),
    _form(_OWN, 1, 4, note=OWN_NOTE),
    _form(_OWN, 5, 8, _FORWARDS, note=OWN_NOTE),
)
