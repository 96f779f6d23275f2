"""Slower kernels where they make the arena smaller: what `--optimize ram` trades."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from qmcu.compile.lifetimes import buffer_choices, live_bytes
from qmcu.compile.plan import Control, KernelCall
from qmcu.compile.streams.cost import instructions
from qmcu.model.graph import Graph

# Least share of the arena that slower kernels must save together.
_LEAST_SHARE = 0.01
# The most of an inference's instructions that they may add, by estimate.
_MOST_SHARE = 0.25
# And where they only bring the arena to what is enough, if that is enough for it.
SHARE_OF_ENOUGH = 0.05
Alternatives = Callable[[KernelCall], Sequence[KernelCall]]


def save_ram(
    graph: Graph,
    calls: Sequence[KernelCall],
    roots: Mapping[int, int],
    alternatives: Alternatives,
    controls: Sequence[Control] = (),
    enough: Sequence[KernelCall] = (),
    share: float = _MOST_SHARE,
) -> tuple[KernelCall, ...]:
    """`calls` with some replaced by alternatives so that the arena's lower bound falls.

    A step at the peak takes whichever alternative lowers the peak most, until none does; then
    what turned out not to be needed is taken back. All stays as it was when less than one
    hundredth is saved. `trade` of a replaced call says what it saved. With other calls of the same
    layers that are `enough`, all this is done until the bound is no higher than theirs, or not.
    All takes at most a `share` of the instructions more.
    """
    start = arena_peak(graph, calls, roots, controls)
    aim = arena_peak(graph, enough, roots, controls)[0] if enough else 0
    chosen, best = list(calls), start
    most = (1 + share) * sum(map(instructions, calls))

    def affordable(call: KernelCall) -> Sequence[KernelCall]:
        left = most - sum(map(instructions, chosen)) + instructions(call)
        return [other for other in alternatives(call) if instructions(other) <= left]

    while best[0] > aim:
        step = _best_step(graph, chosen, roots, affordable, best, controls)
        if step is None:
            break
        chosen, best = step
    for i, original in enumerate(calls):
        if chosen[i] is original:
            continue
        trial = [*chosen[:i], original, *chosen[i + 1 :]]
        reached = arena_peak(graph, trial, roots, controls)
        if reached <= best or reached[0] <= aim:
            chosen = trial
    if (enough and best[0] > aim) or (not enough and start[0] - best[0] < _LEAST_SHARE * start[0]):
        return tuple(calls)
    peak = f"the arena's peak is {best[0]:,} bytes instead of {start[0]:,}"
    return tuple(
        now if now is before else replace(now, trade=_traded(before, now, peak))
        for now, before in zip(chosen, calls, strict=True)
    )


def _traded(before: KernelCall, now: KernelCall, peak: str) -> str:
    """What the arena gains, and what the form trades by itself."""
    return "; ".join([_change(before, now), peak, *([now.trade] if now.trade else [])])


def _change(before: KernelCall, now: KernelCall) -> str:
    return (
        f"a slower form: {now.kernel} with {now.scratch_size:,} bytes of scratch for "
        f"{before.kernel} with {before.scratch_size:,}"
    )


def _best_step(
    graph: Graph,
    calls: list[KernelCall],
    roots: Mapping[int, int],
    alternatives: Alternatives,
    best: tuple[int, int],
    controls: Sequence[Control],
) -> tuple[list[KernelCall], tuple[int, int]] | None:
    """The calls with the one replacement that lowers the peak most, and that peak."""
    result = None
    live = live_steps(graph, calls, roots, controls)
    for i, call in enumerate(calls):
        if live[i] < max(live):
            continue
        for other in alternatives(call):
            trial = [*calls[:i], other, *calls[i + 1 :]]
            peak = arena_peak(graph, trial, roots, controls)
            if peak < best:
                result, best = (trial, peak), peak
    return result


def arena_peak(
    graph: Graph, calls: Sequence[KernelCall], roots: Mapping[int, int], controls: Sequence[Control]
) -> tuple[int, int]:
    """The largest sum of live buffers, and at how many steps there are so many."""
    live = live_steps(graph, calls, roots, controls)
    return max(live), live.count(max(live))


def live_steps(
    graph: Graph, calls: Sequence[KernelCall], roots: Mapping[int, int], controls: Sequence[Control]
) -> list[int]:
    """Bytes that live at each step, with outputs over inputs or not, whichever peaks lower."""
    choices = buffer_choices(graph, calls, roots, controls)
    n = len(calls)
    return min(((live_bytes(buffers)[1:] + [0] * n)[:n] for buffers in choices), key=max)
