"""Constants within what is enough beside CMSIS-NN's, for instructions: `balanced` and `size`.

Tables of ADD go one by one, those of the fewest outputs first; layers of a kernel move together to
another form with smaller constants. Of all ways that are enough the cheapest by estimate is taken.
Where none is for the instructions that it may add, single layers get forms with smaller constants
until these are enough, whatever that takes: none of the forms is slower than the library's.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, product

from qmcu.compile.flash import TABLE_SAVES, Alternatives, enough, flash_of, outweigh, total
from qmcu.compile.plan import KernelCall
from qmcu.compile.streams.cost import instructions

# Instructions more an output of requantization in fewer words.
_SMALL_TAKES = 2.5
# Those of an output beside its multiplications, at least.
_OUTPUT_TAKES = 20.0
# And those that a table of SOFTMAX saves, on the slowest core.
_SOFTMAX_TAKES = 290.0
# Least that must be saved where it is not enough, as a share.
_LEAST_SHARE = 0.03
_TRIES = 4
_WINDOWS = re.compile(r"^conv_(1x1|2d_rows|2d_column|2d)_|_(pointwise|columns)$")
_SETS = ("_mve", "_dsp", "_scalar")
_BEATEN = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_TABLES = ("add_table", "softmax_table")
Outputs = Callable[[KernelCall], int]


@dataclass(frozen=True)
class Goal:
    """Constants are to be at most `times` the library's, for a `share` of instructions more.

    Kernels that come beside those that are there must save `least` bytes. Both are left where
    constants would stay above.
    """

    times: float
    share: float
    least: int


# What `size` saves is more than the code of a kernel.
GOALS = {"balanced": Goal(1.049, 0.10, 384), "size": Goal(1.0, 0.25, 1024)}


@dataclass(frozen=True)
class _Way:
    """Calls that others take the place of, by place; bytes saved and instructions added."""

    taken: dict[int, KernelCall]
    saved: int
    added: float

    def __add__(self, other: "_Way") -> "_Way":
        taken = {**self.taken, **other.taken}
        return _Way(taken, self.saved + other.saved, self.added + other.added)

    def rank(self, wanted: float) -> tuple[bool, float, int]:
        """Least for the way that saves so many bytes for the fewest instructions, else the most."""
        if self.saved >= wanted:
            return False, self.added, len(self.taken)
        return True, -self.saved, len(self.taken)


_NOTHING = _Way({}, 0, 0.0)


def within_enough(
    calls: Sequence[KernelCall],
    alternatives: Alternatives,
    smaller: Callable[[], Sequence[Sequence[KernelCall]]],
    outputs: Outputs,
    peers: Callable[[], Sequence[KernelCall]],
    goal: Goal,
) -> tuple[KernelCall, ...]:
    """`calls` with forms of smaller constants until these are enough beside `peers()`.

    `smaller()` gives plans' calls whose forms may be taken, `outputs` how many elements a call
    makes, `alternatives` all forms of a call that may take its place. Where nothing is enough for
    the instructions that it may add, layers change one by one; where that is not enough either,
    they do if it saves a share of all.
    """
    size, most = total(calls), enough(peers(), goal.times)
    if size <= most:
        return tuple(calls)
    cheap = goal.share * sum(
        instructions(call) + _OUTPUT_TAKES * outputs(call) for call in calls if call.macs
    )
    choices = (_without_tables(calls, alternatives, outputs), *_moves(calls, smaller(), outputs))
    found = [way for way in _combined(choices, cheap) if _pays(calls, way, goal.least)]
    now, wanted = tuple(calls), size - most
    for _ in range(_TRIES):
        best = min(found, key=lambda way: way.rank(wanted), default=_NOTHING)
        now = tuple(best.taken.get(place, call) for place, call in enumerate(calls))
        over = total(now) - most
        if over <= 0 or best.saved < wanted:
            break
        # Equal constants lie in flash once, so that less is saved than by each call.
        wanted += over
    if total(now) > most:
        now = _one_by_one(now, alternatives, outputs, most)
    return now if total(now) <= most or size - total(now) >= _LEAST_SHARE * size else tuple(calls)


def _one_by_one(
    calls: Sequence[KernelCall], alternatives: Alternatives, outputs: Outputs, most: float
) -> tuple[KernelCall, ...]:
    """`calls` with other forms of layers until constants are at most `most`, or none is smaller.

    Those that add the fewest instructions a byte come first; what turns out not to be needed is
    taken back.
    """
    now = list(calls)
    while total(now) > most:
        ways = [
            _moved([(place, call, form)], outputs)
            for place, call in enumerate(now)
            for form in _smaller_forms(call, alternatives)
        ]
        if not ways:
            break
        best = min(ways, key=lambda way: (way.added / way.saved, -way.saved))
        for place, form in best.taken.items():
            now[place] = form
    for place, call in enumerate(calls):
        trial = [*now[:place], call, *now[place + 1 :]]
        if total(trial) <= most:
            now = trial
    return tuple(now)


def _smaller_forms(call: KernelCall, alternatives: Alternatives) -> list[KernelCall]:
    """Forms of smaller constants; of those that multiply the same set's, of others the first."""
    smaller = [form for form in alternatives(call) if flash_of(form) < flash_of(call)]
    if call.macs:
        return [form for form in smaller if beats_the_library(call, form) and _may_move(form)]
    return smaller[:1] if call.kernel.startswith(_TABLES) else []


def _combined(choices: Sequence[Sequence[_Way]], cheap: float) -> Iterator[_Way]:
    """One way of each list at most, all together; what adds more than `cheap` is left out."""
    lists = [[_NOTHING, *(way for way in ways if way.added <= cheap)] for ways in choices]
    for some in product(*lists):
        way = sum(some, _NOTHING)
        if way.saved > 0 and way.added <= cheap:
            yield way


def _pays(calls: Sequence[KernelCall], way: _Way, least: int) -> bool:
    """Whether it saves more than code that comes without other code going could take."""
    now = {_code(call.kernel) for call in calls}
    after = {_code(way.taken.get(place, call).kernel) for place, call in enumerate(calls)}
    return way.saved >= least or len(after - now) <= len(now - after)


def _code(kernel: str) -> str:
    """What is most of a kernel's code: convolutions of several windows share a multiplication."""
    return _WINDOWS.sub("", kernel)


def _without_tables(
    calls: Sequence[KernelCall], alternatives: Alternatives, outputs: Outputs
) -> list[_Way]:
    """The table of ADD with the fewest outputs left out, the two with the fewest, and so on.

    They cost nothing where they outweigh the rest of the model.
    """
    ways = []
    price = 0.0 if outweigh(calls) else TABLE_SAVES
    tables = [p for p, call in enumerate(calls) if call.kernel.startswith("add_table")]
    for place in sorted(tables, key=lambda p: outputs(calls[p])):
        call = calls[place]
        other = min(alternatives(call), key=lambda form: form.constant_size, default=call)
        saved = flash_of(call) - flash_of(other)
        if saved > 0:
            ways.append(_Way({place: other}, saved, price * outputs(call)))
    return list(accumulate(ways))


def _moves(
    calls: Sequence[KernelCall], others: Sequence[Sequence[KernelCall]], outputs: Outputs
) -> list[list[_Way]]:
    """For each kernel: all its layers with the forms of one of the other plans, where smaller."""
    kernels = {call.kernel: None for call in calls if _may_move(call)}
    by_operator = [{call.operator: call for call in plan} for plan in others]
    found = []
    for kernel in kernels:
        ways = []
        for plan in by_operator:
            pairs = [
                (place, call, plan.get(call.operator, call))
                for place, call in enumerate(calls)
                if call.kernel == kernel
            ]
            taken = [pair for pair in pairs if flash_of(pair[2]) <= flash_of(pair[1])]
            if any(flash_of(after) < flash_of(before) for _, before, after in taken):
                ways.append(_moved([p for p in taken if p[1] is not p[2]], outputs))
        found.append(ways)
    return found


def _may_move(call: KernelCall) -> bool:
    """Weights that are transformed have been settled before (`late_weights`)."""
    return bool(call.macs) and "winograd" not in call.kernel


def _moved(pairs: Sequence[tuple[int, KernelCall, KernelCall]], outputs: Outputs) -> _Way:
    taken, saved, added = {}, 0, 0.0
    for place, before, after in pairs:
        less = flash_of(before) - flash_of(after)
        form = f"{after.kernel} for {before.kernel}"
        if before.kernel == after.kernel:
            form = f"{after.kernel} with smaller constants"
        trade = f"{form}: {less:,} bytes less flash, slower"
        taken[place] = replace(after, trade=trade, slower=before.slower)
        saved += less
        small = _SMALL_TAKES * outputs(before) if after.kernel.endswith("_small_dsp") else 0.0
        added += max(instructions(after) - instructions(before), 0.0) + small
        if not before.macs:
            softmax = before.kernel.startswith("softmax")
            added += (_SOFTMAX_TAKES if softmax else TABLE_SAVES) * outputs(before)
    return _Way(taken, saved, added)


def smallest(
    calls: Sequence[KernelCall], forms: Callable[[KernelCall], Sequence[KernelCall]]
) -> list[KernelCall]:
    """Each call's form with the smallest constants that takes no more scratch, of the same set.

    A call that has none goes where others of its kernel go, if its constants are no larger there.
    """
    known = [[call, *filter(partial(_may_be, call), forms(call))] for call in calls]
    least = [min(some, key=flash_of) for some in known]
    moved = {(c.kernel, best.kernel) for c, best in zip(calls, least, strict=True)}
    together = []
    for call, some, best in zip(calls, known, least, strict=True):
        as_small = [f for f in some[1:] if flash_of(f) == flash_of(call)]
        others = (f for f in as_small if f.kernel != call.kernel)
        beside = [f for f in others if (call.kernel, f.kernel) in moved]
        together.append(beside[0] if best is call and beside else best)
    return together


def _may_be(call: KernelCall, form: KernelCall) -> bool:
    return _same_set(call, form) and form.scratch_size <= call.scratch_size


def beats_the_library(call: KernelCall, form: KernelCall) -> bool:
    """Whether a form is one of those that never take more instructions than the library's kernel.

    Of a core's own set, those of int8 that read weights for several outputs; the plain forms of
    other kinds and of int16 may take several times as long.
    """
    return call.kind in _BEATEN and "_s16" not in form.kernel and _same_set(call, form)


def _same_set(call: KernelCall, form: KernelCall) -> bool:
    return all((word in call.kernel) == (word in form.kernel) for word in _SETS)
