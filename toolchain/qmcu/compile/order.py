"""Layers earlier than in the file, where an input that waits for them is larger than their output.

Of two branches that begin at one image and shrink it, that of one layer often comes last: until
then the whole image waits. Right beside the other branch's first layer it need not.
"""

from collections.abc import Callable, Mapping, Sequence

from qmcu.compile.plan import KernelCall
from qmcu.model.graph import Graph


def with_less_waiting(
    graph: Graph,
    calls: Sequence[KernelCall],
    roots: Mapping[int, int],
    live: Callable[[Sequence[KernelCall]], Sequence[int]],
) -> tuple[KernelCall, ...]:
    """`calls` in an order in which fewer bytes wait, by `live`: those at each step.

    The peak is never higher. Models that keep a state stay as they are.
    """
    tensors = {t for call in calls for t in (*call.reads, *call.writes)}
    if any(graph.tensors[t].is_variable for t in tensors):
        return tuple(calls)
    now = list(calls)
    best = _measure(live(now))
    for call in calls:
        place = now.index(call)
        before = _last_before(now, place, roots)
        if before >= place - 1 or not _shrinks(graph, call):
            continue
        for target in (before, before + 1):
            trial = [*now[:target], call, *now[target:place], *now[place + 1 :]]
            reached = _measure(live(trial))
            if _is_allowed(trial, target, roots) and reached[0] <= best[0] and reached < best:
                now, best = trial, reached
                break
    return tuple(now)


def _measure(live: Sequence[int]) -> tuple[int, int]:
    return max(live), sum(live)


def _of(tensors: Sequence[int], roots: Mapping[int, int]) -> set[int]:
    return {roots.get(t, t) for t in tensors}


def _last_before(calls: Sequence[KernelCall], place: int, roots: Mapping[int, int]) -> int:
    """The last step before `place` that reads or writes what the call there reads."""
    wanted = _of(calls[place].reads, roots)
    for step in range(place - 1, -1, -1):
        if wanted & _of((*calls[step].reads, *calls[step].writes), roots):
            return step
    return place


def _is_allowed(calls: Sequence[KernelCall], place: int, roots: Mapping[int, int]) -> bool:
    """Whether the call at `place` has all its inputs written before."""
    wanted = _of(calls[place].reads, roots)
    return not any(wanted & _of(call.writes, roots) for call in calls[place + 1 :])


def _shrinks(graph: Graph, call: KernelCall) -> bool:
    def size(tensors: Sequence[int]) -> int:
        return sum(graph.tensors[t].size for t in tensors)

    return size(call.writes) < size(call.reads)
