"""Layers streamed through each other, some rows at a time, where that makes the arena smaller.

For a chain of layers of which no tensor between need exist as a whole (Lin et al., "MCUNetV2",
2021, run such layers a patch at a time and compute the patches' borders twice; here rows are kept,
and nothing is computed twice). `stream` finds the ranges of layers and the rows at a time by which
the arena's peak is least, and gives their calls; the planner places their buffers like all others.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest

from qmcu.compile.plan import KernelCall
from qmcu.compile.streams.calls import BandLowering, Forms, band_calls
from qmcu.compile.streams.cost import BYTE, CALL, instructions
from qmcu.compile.streams.memory import Streamed, Unaligned, lay_over, place_rows, row_size
from qmcu.compile.streams.room import Room
from qmcu.compile.streams.rows import Step, row_operators, steps_of
from qmcu.model.graph import Graph

Peak = Callable[[Streamed, Sequence[KernelCall]], tuple[int, int]]

# Least share of the arena that streaming must save, each time it is done.
_LEAST_SHARE = 0.04
# Least share that forms with less scratch must save, each time.
_LEAST_STEP = 0.01
# The most of an inference's instructions that it may add, by estimate.
_MOST_SHARE = 0.25
# Rows of the last layer at a time, layers in a range, ranges of a model.
_ROWS = (1, 2, 3, 4, 6, 8, 12, 16)
_MOST_LAYERS, _MOST_RANGES = 20, 4
# So many ranges are tried, those that could make the arena smallest first; of the best of them
# forms with less scratch, too, so often.
_TRIED, _REFINED, _REFINEMENTS = 40, 4, 8
_MOST_ANYHOW = 40
# Within this share of the least peak, the range that adds the fewest instructions is taken.
_AS_GOOD = 1.02


@dataclass(frozen=True)
class _Range:
    """Calls [first, last) and the steps that they become."""

    first: int
    last: int
    rows: int
    steps: tuple[Step, ...]
    kept: frozenset[int]


@dataclass(frozen=True)
class _Found:
    """A range streamed: all calls, their tensors' buffers, the arena's peak.

    `cost` is about how many instructions it adds; `scratch` the most that the calls of an operator
    were given, by its number.
    """

    range: _Range
    streamed: Streamed
    calls: tuple[KernelCall, ...]
    peak: tuple[int, int]
    cost: float
    scratch: Mapping[int, int]


def stream(
    streamed: Streamed, calls: Sequence[KernelCall], forms: Forms, peak: Peak
) -> tuple[Streamed, tuple[KernelCall, ...]]:
    """The calls with those ranges streamed that lower `peak`, of buffers and calls, most.

    The same calls where none saves enough. `forms` lowers an operator of which some rows are asked.
    """
    search = _Search(BandLowering(streamed.graph, forms), peak)
    now = tuple(calls)
    most = _MOST_SHARE * sum(map(instructions, calls))
    for _ in range(_MOST_RANGES):
        before = peak(streamed, now)
        best = search.best(streamed, now, before, most)
        if best is None:
            break
        text = (
            f"{_trade(now, best.range)}; the arena's peak is {best.peak[0]:,} bytes instead of "
            f"{before[0]:,}"
        )
        streamed, most, first = best.streamed, most - best.cost, best.range.first
        now = tuple(
            replace(call, trade=text) if i == first else call for i, call in enumerate(best.calls)
        )
    return streamed, now


def stream_anyhow(
    streamed: Streamed, calls: Sequence[KernelCall], forms: Forms, seed: int
) -> tuple[Streamed, tuple[KernelCall, ...]]:
    """Random ranges streamed, whatever that saves or costs: for tests."""
    rng = random.Random(seed)
    search = _Search(BandLowering(streamed.graph, forms), lambda *_: (0, 0))
    now = tuple(calls)
    for _ in range(_MOST_ANYHOW):
        ranges = list(_ranges(streamed, now, (rng.randrange(len(now)),)))
        if not ranges:
            continue
        candidate = rng.choice(ranges)
        found = search.tried(streamed, now, candidate, {})
        sizes = _scratch_sizes(found) if found is not None else {}
        scratch = {n: size - 1 for n, size in sizes.items() if rng.random() < 0.3}
        found = search.tried(streamed, now, candidate, scratch) or found
        if found is not None:
            streamed, now = found.streamed, found.calls
    return streamed, now


@dataclass(frozen=True)
class _Search:
    """For the range whose streaming makes the arena smallest."""

    lowering: BandLowering
    peak: Peak

    def best(
        self,
        streamed: Streamed,
        calls: tuple[KernelCall, ...],
        before: tuple[int, int],
        most: float,
    ) -> _Found | None:
        """The range to stream, adding at most `most` instructions; None if none saves enough."""
        limit = (1 - _LEAST_SHARE) * before[0]
        room = Room.of(streamed, calls)
        bounded = (
            (room.bound(c.first, c.last, c.steps, c.kept), n, c)
            for n, c in enumerate(_ranges(streamed, calls))
            if _overhead(streamed.graph, c) <= most
        )
        found = [
            tried
            for bound, _, candidate in nsmallest(_TRIED, bounded)
            if bound[0] <= limit
            and (tried := self.tried(streamed, calls, candidate, {})) is not None
            and tried.cost <= most
        ]
        found.sort(key=lambda f: (f.peak, f.cost))
        refined = [self.refined(streamed, calls, f, most) for f in found[:_REFINED]]
        enough = [f for f in (*refined, *found[_REFINED:]) if f.peak[0] <= limit]
        if not enough:
            return None
        least = min(f.peak for f in enough)
        good = [f for f in enough if f.peak[0] <= _AS_GOOD * least[0]]
        return min(good, key=lambda f: (f.cost, f.peak))

    def tried(
        self,
        streamed: Streamed,
        calls: tuple[KernelCall, ...],
        candidate: _Range,
        scratch: Mapping[int, int],
    ) -> _Found | None:
        """The range streamed, with an output over an input where that goes; None if it cannot."""
        base = _laid_over(streamed, calls, candidate) or streamed
        try:
            new, placed = place_rows(base, candidate.steps, candidate.kept)
        except Unaligned:
            return None
        own = frozenset(t for t in new.parts if new.roots[t] == t)
        inner = band_calls(self.lowering, placed, own, scratch)
        if inner is None:
            return None
        new_calls = (*calls[: candidate.first], *inner, *calls[candidate.last :])
        new_calls = tuple(_with_overlays(call, new) for call in new_calls)
        cost = _overhead(streamed.graph, candidate) + sum(map(instructions, inner))
        cost -= sum(map(instructions, calls[candidate.first : candidate.last]))
        peak = self.peak(new, new_calls)
        return _Found(candidate, new, new_calls, peak, cost, scratch)

    def refined(
        self, streamed: Streamed, calls: tuple[KernelCall, ...], found: _Found, most: float
    ) -> _Found:
        """The same range with less scratch for one operator after the other, while that helps."""
        for _ in range(_REFINEMENTS):
            less = (
                {**found.scratch, number: size - 1}
                for number, size in _scratch_sizes(found).items()
            )
            tries = [self.tried(streamed, calls, found.range, scratch) for scratch in less]
            better = [
                tried
                for tried in tries
                if tried is not None
                and tried.cost <= most
                and tried.peak[0] <= (1 - _LEAST_STEP) * found.peak[0]
            ]
            if not better:
                break
            # That which saves most for what it costs.
            before = found
            found = min(
                better,
                key=lambda f: (f.cost - before.cost) / (before.peak[0] - f.peak[0]),
            )
        return found


def _scratch_sizes(found: _Found) -> dict[int, int]:
    """The most scratch of each streamed operator's calls, by its number."""
    numbers = {s.of.operator.index for s in found.range.steps}
    sizes: dict[int, int] = {}
    for call in found.calls:
        if call.operator in numbers and call.scratch_size:
            sizes[call.operator] = max(sizes.get(call.operator, 0), call.scratch_size)
    return sizes


def _trade(calls: Sequence[KernelCall], candidate: _Range) -> str:
    names = f"{calls[candidate.first].layer} to {calls[candidate.last - 1].layer}"
    output, rows = candidate.steps[-1].of.heights[1], candidate.rows
    return (
        f"{names} by {rows} of {output} rows at a time, {len(candidate.steps)} calls instead of "
        f"{candidate.last - candidate.first}"
    )


def _ranges(
    streamed: Streamed, calls: Sequence[KernelCall], starts: Sequence[int] | None = None
) -> Iterator[_Range]:
    """All ranges that can be streamed; only those from `starts` on, where these are given."""
    operators = row_operators(streamed.graph, calls, streamed.parts)
    for first in range(len(calls)) if starts is None else starts:
        for last in range(first + 2, min(len(calls), first + _MOST_LAYERS) + 1):
            chain = operators[first:last]
            if chain[-1] is None:
                break
            if first + 2 == last and chain[0] is None:
                break
            whole = [o for o in chain if o is not None]
            kept = _kept(streamed, calls, first, last)
            if kept is None:
                continue
            for rows in _ROWS:
                if 2 * rows <= whole[-1].heights[1]:
                    steps = steps_of(whole, kept, rows)
                    yield _Range(first, last, rows, steps, kept)


def _kept(
    streamed: Streamed, calls: Sequence[KernelCall], first: int, last: int
) -> frozenset[int] | None:
    """The outputs within the range that are read elsewhere, or None where all or none is.

    None, too, where a tensor is read under another name than it is written under.
    """
    roots, graph = streamed.roots, streamed.graph
    inside, outside = calls[first:last], (*calls[:first], *calls[last:])
    written = {t for c in inside for t in c.writes}
    elsewhere = {roots[t] for c in outside for t in (*c.reads, *c.writes)}
    elsewhere |= {roots[t] for t in (*graph.outputs, *graph.inputs)}
    by_root = {roots[t] for t in written}
    if any(roots[t] in by_root and t not in written for c in inside for t in c.reads):
        return None
    kept = frozenset(t for t in written if roots[t] in elsewhere)
    read = {t for c in inside for t in c.reads}
    if written - kept - read or calls[last - 1].writes[0] not in kept:
        return None
    return kept if len(kept) < len(written) else None


def _overhead(graph: Graph, candidate: _Range) -> float:
    """Instructions that streaming adds, about: calls, rows that are laid out again or moved."""
    cost, seen = 0.0, set()
    for step in candidate.steps:
        if step.of.output in seen:
            again = max(step.of.extent - step.of.stride, 0)
            cost += CALL + 2 * BYTE * again * row_size(graph.tensors[step.of.inputs[0]])
        seen.add(step.of.output)
    return cost


def _with_overlays(call: KernelCall, streamed: Streamed) -> KernelCall:
    """The call without leave to lie over tensors whose place in a buffer is settled.

    Over a whole tensor at the start of its buffer an output may lie, and end beside it.
    """
    if call.kernel == "move_rows" or not call.may_overlay:
        return call
    roots, places, buffers = streamed.roots, streamed.places, streamed.buffers
    pairs = tuple(
        (source, target)
        for source, target in call.may_overlay
        if not places.get(source)
        and not (source in streamed.parts and roots[source] in buffers)
        and not places.get(target)
        and roots[target] not in buffers
    )
    return call if pairs == call.may_overlay else replace(call, may_overlay=pairs)


def _laid_over(
    streamed: Streamed, calls: Sequence[KernelCall], candidate: _Range
) -> Streamed | None:
    """With the last output over the range's first input, if nobody reads that afterwards."""
    roots, graph = streamed.roots, streamed.graph
    source, target = candidate.steps[0].of.inputs[0], candidate.steps[-1].of.output
    read_later = {roots[t] for c in calls[candidate.last :] for t in c.reads}
    read_later |= {roots[t] for t in graph.outputs}
    inside = [t for c in calls[candidate.first : candidate.last] for t in c.reads]
    same = {t for t in inside if roots[t] == roots[source]}
    if roots[source] in read_later or same != {source}:
        return None
    return lay_over(streamed, candidate.steps, source, target)


def plain(graph: Graph, roots: Mapping[int, int]) -> Streamed:
    """A graph of which nothing is streamed."""
    return Streamed(graph, roots, {}, {})


__all__ = ["Forms", "Streamed", "plain", "stream", "stream_anyhow"]
