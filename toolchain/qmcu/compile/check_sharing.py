"""The check of a Plan that no two buffers share bytes at a step, but where a kernel allows it.

An output that begins to live as an input ends may lie over that, so far before it that the kernel
has read what it writes over (`may_trail`).
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import replace
from heapq import heappop, heappush

from qmcu.compile.plan import KernelCall, Placement, Plan, TensorArgument


def sharing_problems(plan: Plan) -> Iterator[str]:
    """Everything that is wrong with buffers that share bytes of the arena, a clause each."""
    yield from shared_bytes(_apart(plan, before=True))
    yield from shared_bytes(_apart(plan, before=False))
    yield from _trail_problems(plan)


def shared_bytes(placements: Sequence[Placement]) -> Iterator[str]:
    """Placements that share bytes at some step: a sweep over steps, neighbours by offset."""
    live: list[tuple[int, int, int]] = []
    ends: list[tuple[int, tuple[int, int, int]]] = []
    for number, p in sorted(enumerate(placements), key=lambda item: item[1].first):
        if p.size <= 0:
            continue
        while ends and ends[0][0] < p.first:
            gone = heappop(ends)[1]
            del live[bisect_left(live, gone)]
        entry = (p.offset, p.end, number)
        at = bisect_left(live, entry)
        for start, end, other in live[max(0, at - 1) : at + 1]:
            if start < p.end and p.offset < end:
                yield f"{p.name} and {placements[other].name} live at once and share bytes"
                return
        insort(live, entry)
        heappush(ends, (p.last, entry))


def _trails(plan: Plan) -> Iterator[tuple[KernelCall, Placement, Placement]]:
    """Of calls whose output begins to live as an input ends, both of which share bytes: these."""
    homes = {index: p for p in plan.placements for index in p.tensors}
    for step, call in enumerate(plan.calls):
        for source, target, _ in call.may_trail:
            before, after = homes.get(source), homes.get(target)
            if before is None or after is None or not before.last == step == after.first:
                continue
            if before is not after and before.offset < after.end and after.offset < before.end:
                yield call, before, after


def _apart(plan: Plan, *, before: bool) -> list[Placement]:
    """The placements without the one step at which an output may trail its input.

    The inputs end `before` that step, or the outputs begin behind it.
    """
    changed: dict[int, Placement] = {}
    for _, source, target in _trails(plan):
        if before:
            changed[id(source)] = replace(source, last=source.last - 1)
        else:
            changed[id(target)] = replace(target, first=target.first + 1)
    found = [changed.get(id(p), p) for p in plan.placements]
    return [p for p in found if p.first <= p.last]


def _trail_problems(plan: Plan) -> Iterator[str]:
    tensors = {t.index: t for t in plan.tensors}
    for call, before, after in _trails(plan):
        for source, target, distance in call.may_trail:
            if source not in before.tensors or target not in after.tensors:
                continue
            behind = tensors[source].offset - tensors[target].offset
            passes = (a for p in call.passes for a in p.arguments)
            again = any(isinstance(a, TensorArgument) and a.tensor == source for a in passes)
            if behind < distance or again or sum(t in before.tensors for t in call.reads) != 1:
                yield (
                    f"{call.layer} writes {after.name} {behind} bytes before {before.name}, "
                    "still read"
                )
