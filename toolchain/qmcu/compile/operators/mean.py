"""MEAN and SUM over any dimensions."""

from itertools import groupby
from math import prod

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, reduction
from qmcu.compile.operators.weights import multipliers_in_range, quantization_of
from qmcu.compile.operators.window import Fields
from qmcu.compile.plan import KernelCall, ParametersArgument
from qmcu.compile.requantize import quantize_multiplier

# The kernel walks over this many kept and as many reduced runs of neighbouring dimensions.
_RUNS = 2

Run = tuple[int, int]


def axes_of(context: OperatorContext) -> set[int]:
    """The dimensions that are gone in the output, or are 1."""
    rank = len(context.input(0).shape)
    return {int(a) % rank for a in context.input(1).array.reshape(-1)}


def _axes_problem(context: OperatorContext) -> str | None:
    rank, axes = len(context.input(0).shape), context.input(1)
    if axes.elements < 1:
        return f"axes {axes.name} name no dimension"
    wrong = [int(a) for a in axes.array.reshape(-1) if not -rank <= a < rank]
    return f"axis {wrong[0]} of an input with {rank} dimensions" if wrong else None


def _expected_shape(context: OperatorContext) -> tuple[int, ...]:
    shape, axes = context.input(0).shape, axes_of(context)
    if context.operator.options.get("keep_dims", False):
        return tuple(1 if i in axes else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in axes)


def _runs(shape: tuple[int, ...], axes: set[int]) -> tuple[list[Run], list[Run]]:
    """Kept and reduced runs of neighbouring dimensions, each as (size, distance in bytes)."""
    dimensions = [i for i, size in enumerate(shape) if size > 1]
    runs: dict[bool, list[Run]] = {False: [], True: []}
    for is_reduced, group in groupby(dimensions, key=axes.__contains__):
        members = list(group)
        size = prod(shape[i] for i in members)
        runs[is_reduced].append((size, prod(shape[members[-1] + 1 :])))
    return runs[False], runs[True]


def _runs_problem(context: OperatorContext) -> str | None:
    kept, reduced = _runs(context.input(0).shape, axes_of(context))
    if max(len(kept), len(reduced)) <= _RUNS:
        return None
    return f"input {context.input(0)} has more than {_RUNS} separate groups of dimensions"


def _multiplier(context: OperatorContext) -> list[float]:
    source, target = quantization_of(context.input(0)), quantization_of(context.output())
    return [source.scale / target.scale]


def _run_fields(name: str, runs: list[Run]) -> Fields:
    padded = [(1, 0)] * (_RUNS - len(runs)) + runs
    return (
        (f"{name}_sizes", tuple(size for size, _ in padded)),
        (f"{name}_steps", tuple(step for _, step in padded)),
    )


def _lower(context: OperatorContext) -> KernelCall:
    kept, reduced = _runs(context.input(0).shape, axes_of(context))
    walk = (*_run_fields("kept", kept), *_run_fields("reduced", reduced))
    return _call(context, "mean", "qmcu_mean_params", walk)


def _lower_any(context: OperatorContext) -> KernelCall:
    return _call(context, "mean_any", "qmcu_mean_any_params", reduction.walk_fields(context))


def _call(
    context: OperatorContext,
    kernel: str,
    struct: str,
    walk: Fields,
) -> KernelCall:
    source, target = context.input(0), context.output()
    return context.call(
        f"{kernel}_s16" if source.dtype == "int16" else kernel,
        (
            ParametersArgument(struct, (*walk, *fields_of_sums(context))),
            context.operand(source),
            context.operand(target),
        ),
    )


def fields_of_sums(context: OperatorContext) -> Fields:
    """What makes an output of the sum of its inputs."""
    source, target = context.input(0), context.output()
    count = source.elements // target.elements
    multiplier, shift = quantize_multiplier(_multiplier(context)[0])
    division, divisor = 0, 1
    if context.operator.kind == "MEAN":
        # The division by the count, as far as the shift leaves room for it.
        division, divisor = min(count.bit_length() - 1, 32, 31 + shift), count
    offset = (-quantization_of(source).zero_point * count + (1 << 31)) % (1 << 32) - (1 << 31)
    return (
        ("sum_offset", offset),
        ("multiplier", (multiplier << division) // divisor),
        ("shift", shift - division),
        ("output_zero_point", quantization_of(target).zero_point),
    )


_SHAPES = (
    checks.constant(1, "axes", ("int32",)),
    checks.input_rank(1, 8),
    Constraint("one axis or more, each a dimension of the input", _axes_problem),
    checks.output_shape("output is the input without the axes", _expected_shape),
    multipliers_in_range(_multiplier),
)
_FEW = Constraint(
    "at most 2 separate groups each of neighbouring reduced and kept dimensions", _runs_problem
)

_BYTES = (checks.operands(2), checks.int8(0), *_SHAPES)
_HALFWORDS = (
    checks.operands(2),
    checks.types("int16", 0, same=True),
    checks.quantized(0),
    *_SHAPES,
)

_KINDS = ("MEAN", "SUM")
SUPPORT: tuple[OperatorSupport, ...] = (
    *(OperatorSupport(kind, "mean", (*_BYTES, _FEW), _lower) for kind in _KINDS),
    *(OperatorSupport(kind, "mean_any", _BYTES, _lower_any) for kind in _KINDS),
    *(
        OperatorSupport(kind, "mean_s16", (*_HALFWORDS, _FEW), _lower, types=("int16",))
        for kind in _KINDS
    ),
    *(
        OperatorSupport(kind, "mean_any_s16", _HALFWORDS, _lower_any, types=("int16",))
        for kind in _KINDS
    ),
)
