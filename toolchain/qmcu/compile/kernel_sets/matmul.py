"""BATCH_MATMUL with vectors of one matrix packed in scratch, by which those of the other pass."""

from dataclasses import dataclass, replace

from qmcu.compile.kernel_sets.dsp.elementwise import portable, shifted_rounding
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument, ScratchArgument
from qmcu.model.graph import Tensor

_LARGEST_PRODUCT = 255 * 255
# Instructions for a value packed, and for one multiplied.
_PACKING, _MULTIPLYING = 4.5, 1.25


@dataclass(frozen=True)
class _Core:
    """Values of k that a step multiplies, bytes of scratch for them, bytes read behind."""

    group: int
    scratch: int
    packed: int  # vectors at a time
    overreads: int = 0  # of a value
    fewest: int = 2  # passing vectors for which another kernel is not faster
    any_step: bool = False  # of passing vectors


# By the portable kernel.
_CORES = {
    "batch_matmul": {
        "dsp": _Core(group=4, scratch=16, packed=2, overreads=1),
        "mve": _Core(group=16, scratch=64, packed=4),
        "scalar": _Core(group=1, scratch=8, packed=2, any_step=True),
    },
    "batch_matmul_s16": {
        "dsp": _Core(group=2, scratch=8, packed=2, overreads=2, fewest=1),
        "mve": _Core(group=8, scratch=64, packed=4, fewest=1),
        "scalar": _Core(group=1, scratch=8, packed=2, any_step=True),
    },
}


@dataclass(frozen=True)
class _Side:
    """A matrix as `vectors` of values along k, distances in elements."""

    tensor: Tensor
    vectors: int
    batch_steps: FieldValue
    vector_step: int
    step: int
    output_step: int
    zero_point: int


def packed(core: str) -> Lowering:
    """The form for `core`: dsp, mve or scalar."""

    def lower(context: OperatorContext) -> KernelCall | None:
        return _packed(context, core)

    return lower


def _packed(context: OperatorContext, core: str) -> KernelCall | None:
    """Where vectors of a matrix have their values side by side, and sums fit."""
    call, fields = portable(context)
    depth = fields.get("depth")
    if call.kernel not in _CORES or not isinstance(depth, int):
        return None
    sides, of_core = _sides(context, fields), _CORES[call.kernel][core]
    orders = [pair for pair in (sides, sides[::-1]) if _may_pass(pair[0], depth, of_core)]
    last = _last(fields, depth)
    if not orders or (core == "dsp" and call.kernel == "batch_matmul" and not last["right"]):
        return None
    passing, kept = min(orders, key=lambda pair: _cost(pair[0], pair[1], of_core))
    parameters = (
        ("batches", fields["batches"]),
        ("passing_batch_steps", passing.batch_steps),
        ("packed_batch_steps", kept.batch_steps),
        ("passing", passing.vectors),
        ("packed", kept.vectors),
        ("depth", depth),
        ("passing_vector_step", passing.vector_step),
        ("passing_step", passing.step),
        ("packed_vector_step", kept.vector_step),
        ("packed_step", kept.step),
        ("passing_output_step", passing.output_step),
        ("packed_output_step", kept.output_step),
        ("passing_zero_point", passing.zero_point),
        ("packed_zero_point", kept.zero_point),
        *last.items(),
    )
    kernel = f"{call.kernel}_packed_{core}"
    arguments = (
        ParametersArgument(f"qmcu_{kernel}_params", parameters),
        context.operand(passing.tensor),
        context.operand(kept.tensor),
        ScratchArgument(of_core.scratch * -(-depth // of_core.group)),
        context.operand(context.output()),
    )
    overread = of_core.overreads * (-depth % of_core.group)
    return replace(call, kernel=kernel, arguments=arguments, overread=overread)


def _last(fields: dict[str, FieldValue], depth: int) -> dict[str, FieldValue]:
    """What sums are scaled by; `right` is 0 where the DSP kernel is not exact for all of them."""
    names = ("multiplier", "shift", "output_zero_point")
    multiplier, shift, zero_point = (_number(fields, name) for name in names)
    own = shifted_rounding(multiplier, shift, zero_point, depth * _LARGEST_PRODUCT)
    own = own or {"left": 0, "rounding": 0, "shift": 0}
    return {
        **{name: fields[name] for name in names},
        "left": own["left"],
        "rounding": own["rounding"],
        "right": own["shift"],
    }


def _number(fields: dict[str, FieldValue], name: str) -> int:
    value = fields[name]
    assert isinstance(value, int)
    return value


def _sides(context: OperatorContext, fields: dict[str, FieldValue]) -> tuple[_Side, _Side]:
    """The left matrix by its rows and the right one by its columns."""

    def number(name: str) -> int:
        return _number(fields, name)

    rows, columns = number("rows"), number("columns")
    left, right = context.input(0), context.input(1)
    return (
        _Side(left, rows, fields["left_batch_steps"], number("left_row_step"),
              number("left_step"), columns, number("left_zero_point")),
        _Side(right, columns, fields["right_batch_steps"], number("right_column_step"),
              number("right_step"), 1, number("right_zero_point")),
    )  # fmt: skip


def _may_pass(side: _Side, depth: int, core: _Core) -> bool:
    """Whether its values lie side by side, with room behind the last ones, in two vectors."""
    if core.any_step:
        return True
    room = not (core.overreads and side.tensor.is_constant) or depth % core.group == 0
    return side.step == 1 and side.vectors >= core.fewest and room


def _cost(passing: _Side, kept: _Side, core: _Core) -> float:
    """Instructions for each value of k."""
    together = core.packed * -(-kept.vectors // core.packed)
    pairs = 2 * -(-passing.vectors // 2)
    return together * (_PACKING + (_MULTIPLYING + (passing.step != 1)) * pairs)
