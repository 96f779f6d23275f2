"""Slower kernels whose constants are smaller: what `--optimize size` trades, and what the others do
where the constants are above what is enough: tables of ADD, and `size`'s kernels."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from qmcu.compile.plan import KernelCall, ParametersArgument
from qmcu.compile.streams.cost import instructions

# Least that taking another kernel must save: a share of all constants, and what could go into code.
_LEAST_SHARE, _LEAST = 0.03, 384
# Bytes of code of kernels that are known (Cortex-M4): between these what is saved may be less.
_CODE = {
    "fully_connected_any_dsp": 940,
    "fully_connected_pair_dsp": 928,
    "fully_connected_shared_dsp": 876,
}
# The most of an inference's instructions that it may add, by estimate.
_MOST_SHARE = 0.25
# What the constants of other kernels are times this, by estimate, is enough for a model with tables
# (1.05 of what a build has). Without its table a sum takes so many instructions more an output,
# of which so much of an inference may be added.
_ENOUGH = 1.049
_TABLE_SAVES, _MOST_SHARE_OF_TABLES = 7.25, 0.02
# The same of requantization in fewer words, and of moving whole kernels to `size`'s.
_SMALL_TAKES, _MOST_SHARE_OF_MOVES = 2.5, 0.05
# By a call's place: the call, and the one of the other kernel.
_Move = dict[int, tuple[KernelCall, KernelCall]]
Alternatives = Callable[[KernelCall], Sequence[KernelCall]]


def save_flash(calls: Sequence[KernelCall], alternatives: Alternatives) -> tuple[KernelCall, ...]:
    """`calls` with all layers of a kernel moved to another that has smaller constants for them.

    Kernels are taken for all their layers at once, since each brings code of its own; that which
    saves most first. `trade` of a replaced call says what it saved.
    """
    now = list(calls)
    least = max(_LEAST_SHARE * sum(call.constant_size for call in calls), _LEAST)
    most = _MOST_SHARE * sum(map(instructions, calls))
    while True:
        moves = [m for m in _moves(now, alternatives) if _saved(m) >= _least_of(m, now, least)]
        cheap = [m for m in moves if _added(m) <= most]
        if not cheap:
            return tuple(now)
        best = max(cheap, key=_saved)
        most -= _added(best)
        for place, (before, after) in best.items():
            saved = before.constant_size - after.constant_size
            trade = f"{after.kernel} for {before.kernel}: {saved:,} bytes less flash, slower"
            now[place] = replace(after, trade=trade, slower=before.slower)


def without_heavy_tables(
    calls: Sequence[KernelCall],
    alternatives: Alternatives,
    outputs: Callable[[KernelCall], int],
    peers: Callable[[], Sequence[KernelCall]],
) -> tuple[KernelCall, ...]:
    """`calls` without tables of ADD where these bring the constants above what is enough.

    `peers()` gives other kernels' calls for the model, whose constants are the measure, `outputs`
    how many elements a call makes: tables of those that make fewest go first. All stay where that
    is not enough, or takes more than a fiftieth of the instructions, unless the tables outweigh
    the rest of the model.
    """
    # Those of SOFTMAX save four fifths of the instructions instead of half.
    tables = [call for call in calls if call.kernel.startswith("add_table")]
    if not tables:
        return tuple(calls)
    size = sum(map(flash_of, calls))
    most = enough(peers())
    now = {id(call): call for call in calls}
    added = 0.0
    for call in sorted(tables, key=outputs):
        other = min(alternatives(call), key=lambda form: form.constant_size, default=call)
        if size > most and other.constant_size < call.constant_size:
            size -= call.constant_size - other.constant_size
            added += _TABLE_SAVES * outputs(call)
            now[id(call)] = other
    outweigh = 2 * sum(map(flash_of, tables)) > sum(map(flash_of, calls))
    cheap = added <= _MOST_SHARE_OF_TABLES * sum(map(instructions, calls))
    if size > most or not (cheap or outweigh):
        return tuple(calls)
    return tuple(now[id(call)] for call in calls)


def with_small_kernels(
    calls: Sequence[KernelCall],
    smaller: Callable[[], Sequence[KernelCall]],
    outputs: Callable[[KernelCall], int],
    peers: Callable[[], Sequence[KernelCall]],
) -> tuple[KernelCall, ...]:
    """`calls` with kernels moved to those of `smaller()` until the constants are enough.

    All layers of a kernel move to another, as with `save_flash`; of the ways that are enough the
    one that adds the fewest instructions, by estimate and a twentieth at most. Where none is, that
    which saves most, if that is a share of all. Both if it is more than what could go into code.
    """
    size, most = sum(map(flash_of, calls)), enough(peers())
    if size <= most:
        return tuple(calls)
    by_operator = {call.operator: call for call in smaller()}
    kernels: dict[tuple[str, str], _Move] = {}
    for place, call in enumerate(calls):
        other = by_operator.get(call.operator, call)
        if call.macs and "winograd" not in call.kernel and flash_of(other) < flash_of(call):
            kernels.setdefault((call.kernel, other.kernel), {})[place] = call, other
    cheap = _MOST_SHARE_OF_MOVES * sum(map(instructions, calls))
    found = _ways(list(kernels.values()), outputs, cheap)
    best = min(found, key=lambda way: way.rank(size - most), default=None)
    share = 0.0 if best is not None and best.saved >= size - most else _LEAST_SHARE
    if best is None or best.saved < max(_LEAST, share * size):
        return tuple(calls)
    now = list(calls)
    for move in best.moves:
        for place, (before, after) in move.items():
            less = flash_of(before) - flash_of(after)
            trade = f"{after.kernel} for {before.kernel}: {less:,} bytes less flash, slower"
            now[place] = replace(after, trade=trade, slower=before.slower)
    return tuple(now)


@dataclass(frozen=True)
class _Way:
    """Some moves of kernels: bytes that they save, instructions that they add."""

    moves: tuple[_Move, ...]
    saved: int
    added: float

    def rank(self, wanted: float) -> tuple[bool, float]:
        """Least for the way that saves so many bytes for the fewest instructions, else the most."""
        return (False, self.added) if self.saved >= wanted else (True, -self.saved)


def _ways(
    moves: Sequence[_Move], outputs: Callable[[KernelCall], int], cheap: float
) -> Iterator[_Way]:
    """Every set of the moves that adds at most `cheap` instructions."""
    alone = [
        _Way(
            (move,),
            sum(flash_of(before) - flash_of(after) for before, after in move.values()),
            sum(_slower(before, after, outputs) for before, after in move.values()),
        )
        for move in moves
    ]
    alone = [way for way in alone if way.added <= cheap]
    for count in range(1, len(alone) + 1):
        for some in combinations(alone, count):
            together = tuple(move for way in some for move in way.moves)
            added = sum(way.added for way in some)
            if added <= cheap:
                yield _Way(together, sum(way.saved for way in some), added)


def _slower(before: KernelCall, after: KernelCall, outputs: Callable[[KernelCall], int]) -> float:
    """About how many instructions another kernel adds."""
    small = _SMALL_TAKES * outputs(before) if after.kernel.endswith("_small_dsp") else 0.0
    return max(instructions(after) - instructions(before), 0.0) + small


def enough(peers: Sequence[KernelCall]) -> float:
    """The most bytes of constants and parameters, by the other kernels' calls for a model."""
    return _ENOUGH * sum(map(flash_of, peers))


def flash_of(call: KernelCall) -> int:
    """Bytes of a call's constants and parameters."""
    fields = (f for a in call.arguments if isinstance(a, ParametersArgument) for _, f in a.fields)
    return call.constant_size + sum(4 * len(f) if isinstance(f, tuple) else 4 for f in fields)


def _moves(calls: Sequence[KernelCall], alternatives: Alternatives) -> list[_Move]:
    """For each kernel and each other that takes some of its layers: those layers."""
    found: dict[tuple[str, str], _Move] = {}
    for place, call in enumerate(calls):
        for other in alternatives(call) if call.macs else ():
            if other.constant_size < call.constant_size:
                found.setdefault((call.kernel, other.kernel), {})[place] = call, other
    return list(found.values())


def _least_of(move: _Move, calls: Sequence[KernelCall], least: float) -> float:
    """What a move must save: more than it brings of code where that is known, else `least`."""
    before, after = (call.kernel for call in next(iter(move.values())))
    if before not in _CODE or after not in _CODE:
        return least
    others = [call.kernel for place, call in enumerate(calls) if place not in move]
    new = 0 if after in others else _CODE[after]
    return max(new - (0 if before in others else _CODE[before]), 0) + 1


def _saved(move: _Move) -> int:
    return sum(before.constant_size - after.constant_size for before, after in move.values())


def _added(move: _Move) -> float:
    return sum(instructions(after) - instructions(before) for before, after in move.values())
