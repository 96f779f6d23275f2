"""How many dimensions an image's walks over rows have: as many as some layer's has.

Kernels that walk over rows (walk.h) have shapes and strides of as many dimensions in their
parameters. Sums and products of inputs of one shape need one: 48 bytes less a layer, and no loops;
those that repeat a vector two, 36 bytes less.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from qmcu.compile.operators.walk import RANK
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument, Plan

HEADER = "walk.h"
_DEFINITION = "#define QMCU_WALK_RANK {}\n"
# Fields of one number a dimension, those that vanish with dimensions of length 1 in front; kernels
# with the first of them alone can do with one row.
_PAIRS = frozenset({"shape", "strides1", "strides2"})
_FIELDS = _PAIRS | {"strides", "condition_strides", "before", "input", "steps"}
# Which dimension changed places with the last one, counted as the walk's.
_ALONG = "along"


def rank(plans: Iterable[Plan], includes: Callable[[str], Iterable[str]]) -> int:
    """How many dimensions the walks of all layers need; `includes` gives a kernel's files."""
    calls = [call for plan in plans for call in plan.calls]
    kernels = {kernel for call in calls for kernel in call.kernels}
    walking = {kernel for kernel in kernels if HEADER in includes(kernel)}
    ranks = [_rank(call) for call in calls if walking.intersection(call.kernels)]
    return max(ranks, default=RANK)


def _rank(call: KernelCall) -> int:
    """How many dimensions the call's walk has, all where its parameters are no plain walk."""
    fields = [f for a in call.arguments if isinstance(a, ParametersArgument) for f in a.fields]
    walks = {_last(name): value for name, value in fields if _is_walk(value)}
    shape = walks.get("shape")
    if not isinstance(shape, tuple) or not walks.keys() <= _FIELDS or call.passes:
        return RANK
    longer = [d for d, length in enumerate(shape[:-1]) if length != 1]
    own = RANK - longer[0] if longer else 1
    return own if walks.keys() == _PAIRS else max(own, 2)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _is_walk(value: FieldValue) -> bool:
    return isinstance(value, tuple) and len(value) == RANK


def shortened(plan: Plan, dimensions: int) -> Plan:
    """The plan as C has it where walks have so many dimensions: the last ones alone."""
    return replace(plan, calls=tuple(_shortened(call, dimensions) for call in plan.calls))


def _shortened(call: KernelCall, dimensions: int) -> KernelCall:
    if _rank(call) > dimensions:
        return call
    arguments = tuple(
        ParametersArgument(
            a.ctype, tuple((name, _field(name, v, dimensions)) for name, v in a.fields)
        )
        if isinstance(a, ParametersArgument)
        else a
        for a in call.arguments
    )
    return replace(call, arguments=arguments)


def _field(name: str, value: FieldValue, dimensions: int) -> FieldValue:
    if _last(name) == _ALONG and isinstance(value, int):
        # A dimension that is not there has length 1, as the last one has then.
        return max(value - (RANK - dimensions), 0)
    return value[-dimensions:] if isinstance(value, tuple) and len(value) == RANK else value


def shortened_header(text: str, dimensions: int) -> str:
    """walk.h for walks of so many dimensions."""
    before, after = _DEFINITION.format(RANK), _DEFINITION.format(dimensions)
    assert before in text, HEADER
    return text.replace(before, after)
