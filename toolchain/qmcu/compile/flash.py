"""Slower kernels whose constants are smaller: what `--optimize size` trades."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from qmcu.compile.plan import KernelCall
from qmcu.compile.streams.cost import instructions

# Least that taking another kernel must save: a share of all constants, and what could go into code.
_LEAST_SHARE, _LEAST = 0.03, 2048
# The most of an inference's instructions that it may add, by estimate.
_MOST_SHARE = 0.25
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
        moves = [m for m in _moves(now, alternatives) if _saved(m) >= least]
        cheap = [m for m in moves if _added(m) <= most]
        if not cheap:
            return tuple(now)
        best = max(cheap, key=_saved)
        most -= _added(best)
        for place, (before, after) in best.items():
            saved = before.constant_size - after.constant_size
            trade = f"{after.kernel} for {before.kernel}: {saved:,} bytes less flash, slower"
            now[place] = replace(after, trade=trade, slower=before.slower)


# By a call's place: the call, and the one of the other kernel.
_Move = dict[int, tuple[KernelCall, KernelCall]]


def _moves(calls: Sequence[KernelCall], alternatives: Alternatives) -> list[_Move]:
    """For each kernel and each other that takes some of its layers: those layers."""
    found: dict[tuple[str, str], _Move] = {}
    for place, call in enumerate(calls):
        for other in alternatives(call) if call.macs else ():
            if other.constant_size < call.constant_size:
                found.setdefault((call.kernel, other.kernel), {})[place] = call, other
    return list(found.values())


def _saved(move: _Move) -> int:
    return sum(before.constant_size - after.constant_size for before, after in move.values())


def _added(move: _Move) -> float:
    return sum(instructions(after) - instructions(before) for before, after in move.values())
