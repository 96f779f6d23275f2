"""How many dimensions an image's walks over rows have: one where no layer repeats an input.

Kernels that walk over rows (walk.h) have shapes and strides of as many dimensions in their
parameters. Sums and products of inputs of one shape need one: 48 bytes less a layer, and no loops.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from qmcu.compile.operators.walk import RANK
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument, Plan

HEADER = "walk.h"
_DEFINITION = "#define QMCU_WALK_RANK {}\n"
_FIELDS = ("shape", "strides1", "strides2")
# Which dimension changed places with the last one, counted as the walk's.
_ALONG = "along"


def has_plain_walks(plans: Iterable[Plan], includes: Callable[[str], Iterable[str]]) -> bool:
    """Whether every layer that walks over rows has one row; `includes` gives a kernel's files."""
    calls = [call for plan in plans for call in plan.calls]
    kernels = {kernel for call in calls for kernel in call.kernels}
    walking = {kernel for kernel in kernels if HEADER in includes(kernel)}
    walkers = [call for call in calls if walking.intersection(call.kernels)]
    return bool(walkers) and all(map(_is_plain, walkers))


def _is_plain(call: KernelCall) -> bool:
    """Whether the call's parameters hold a walk over two inputs whose rows are one."""
    fields = [f for a in call.arguments if isinstance(a, ParametersArgument) for f in a.fields]
    walks = {_last(name): value for name, value in fields if _is_walk(value)}
    shape = walks.get("shape")
    if not isinstance(shape, tuple) or set(walks) != set(_FIELDS) or call.passes:
        return False
    return all(length == 1 for length in shape[:-1])


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _is_walk(value: FieldValue) -> bool:
    return isinstance(value, tuple) and len(value) == RANK


def plain(plan: Plan) -> Plan:
    """The plan as C has it where `has_plain_walks`: the last dimension alone."""
    return replace(plan, calls=tuple(map(_plain_call, plan.calls)))


def _plain_call(call: KernelCall) -> KernelCall:
    if not _is_plain(call):
        return call
    arguments = tuple(
        ParametersArgument(a.ctype, tuple((name, _plain_field(name, v)) for name, v in a.fields))
        if isinstance(a, ParametersArgument)
        else a
        for a in call.arguments
    )
    return replace(call, arguments=arguments)


def _plain_field(name: str, value: FieldValue) -> FieldValue:
    if _last(name) == _ALONG:
        return 0
    return value[-1:] if isinstance(value, tuple) and len(value) == RANK else value


def plain_header(text: str) -> str:
    """walk.h for walks of one dimension."""
    before, after = _DEFINITION.format(RANK), _DEFINITION.format(1)
    assert before in text, HEADER
    return text.replace(before, after)
