"""The search for the ranges of layers whose streaming makes the arena smallest."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from itertools import chain, islice

from qmcu.compile.kernel_sets.dsp.winograd_rows import KERNEL
from qmcu.compile.plan import KernelCall
from qmcu.compile.streams.calls import BandLowering, Forms, Kernel, Wishes, band_calls
from qmcu.compile.streams.cost import gain, is_counted, row_instructions
from qmcu.compile.streams.faster import has_room, is_part, kernels_at_hand
from qmcu.compile.streams.memory import Streamed, Unaligned, lay_over, place_rows, with_overlays
from qmcu.compile.streams.ranges import Range, overhead, ranges_of, trade_of
from qmcu.compile.streams.room import Room

Peak = Callable[[Streamed, Sequence[KernelCall]], tuple[int, int]]

# Least share of the arena that streaming must save, each time it is done.
_LEAST_SHARE = 0.04
# Least share that forms with less scratch must save, each time.
_LEAST_STEP = 0.01
# The most of an inference's instructions that it may add, by estimate.
_MOST_SHARE = 0.25
# Ranges of a model.
_MOST_RANGES = 4
# So many ranges' layers are tried, those that could make the arena smallest first; of the best of
# them all numbers of rows, and forms with less scratch, so often. So many are tried as the first.
_TRIED, _REFINED, _REFINEMENTS, _FIRSTS = 40, 4, 8, 4
_MOST_ANYHOW = 40
# Within this share of the least peak, the range that adds the fewest instructions is taken.
_AS_GOOD = 1.02


# The least peak that it could have, its place among all, itself.
_Bounded = tuple[tuple[int, int], int, Range]


@dataclass(frozen=True)
class _Found:
    """A range streamed: all calls, their tensors' buffers, the arena's peak.

    `cost` is about how many instructions it adds; `wishes` are those for its operators' forms.
    """

    range: Range
    streamed: Streamed
    calls: tuple[KernelCall, ...]
    peak: tuple[int, int]
    cost: float
    wishes: Wishes


@dataclass(frozen=True)
class _Now:
    """What is streamed so far, its peak, and the most instructions that may still be added.

    `ranges` are those that were taken, in order.
    """

    streamed: Streamed
    calls: tuple[KernelCall, ...]
    peak: tuple[int, int]
    most: float
    ranges: tuple[_Found, ...] = ()


@dataclass(frozen=True)
class Rows:
    """The calls with ranges streamed and their buffers, and how they were found."""

    streamed: Streamed
    calls: tuple[KernelCall, ...]
    search: "_Search"
    start: _Now
    ranges: tuple[_Found, ...]

    def faster(
        self, final: Sequence[KernelCall], flash: int | None
    ) -> tuple[Streamed, tuple[KernelCall, ...]]:
        """The same ranges with faster forms, where the peak is no higher than that of `final`.

        These are the calls with their forms of layers that are not streamed, which stay.
        """
        limit = self.search.peak(self.streamed, final)[0]
        now, streamed = tuple(final), self.streamed
        wishes: dict[int, Kernel] = {}
        for number in sorted({s.of.operator.index for f in self.ranges for s in f.range.steps}):
            for kernel in _kernels_for(number, now):
                tried = self._with(now, {**wishes, number: kernel})
                if tried is None or self.search.peak(*tried)[0] > limit:
                    continue
                if not has_room(now, tried[1], flash):
                    continue
                old, new = _of_layer(number, now), _of_layer(number, tried[1])
                if {c.kernel for c in new} == {kernel.name} and gain(
                    (streamed.graph, old), (tried[0].graph, new)
                ) > 0:
                    wishes[number] = kernel
                    streamed, now = tried
        return streamed, now

    def _with(
        self, final: Sequence[KernelCall], kernels: Mapping[int, Kernel]
    ) -> tuple[Streamed, tuple[KernelCall, ...]] | None:
        """The ranges streamed again with these kernels, in calls that are else as `final`."""
        now = self.start
        for found in self.ranges:
            wishes = replace(found.wishes, kernels=kernels)
            again = self.search.tried(now.streamed, now.calls, found.range, wishes)
            if again is None:
                return None
            now = self.search.taken(now, again)
        whole = {c.operator: c for c in final if not is_part(self.streamed, c)}
        calls = (c if is_part(now.streamed, c) else whole.get(c.operator, c) for c in now.calls)
        return now.streamed, tuple(calls)


def _kernels_for(number: int, calls: Sequence[KernelCall]) -> list[Kernel]:
    """What an operator's calls may have for theirs, those with more scratch first."""
    own = {c.kernel for c in _of_layer(number, calls)}
    names = sorted(kernels_at_hand(calls)) if own else []
    return [Kernel(name, small) for name in names for small in (False, True)]


def _of_layer(number: int, calls: Sequence[KernelCall]) -> list[KernelCall]:
    """The calls that multiply for an operator, if their instructions are known."""
    found = [c for c in calls if c.operator == number and c.macs]
    return found if all(map(is_counted, found)) else []


def stream(streamed: Streamed, calls: Sequence[KernelCall], forms: Forms, peak: Peak) -> Rows:
    """The calls with those ranges streamed that lower `peak`, of buffers and calls, most.

    The same calls where none saves enough. `forms` lowers an operator of which some rows are asked.
    """
    search = _Search(BandLowering(streamed.graph, forms), peak)
    most = _MOST_SHARE * sum(map(row_instructions, calls))
    now = _Now(streamed, tuple(calls), peak(streamed, calls), most)
    # The range that saves most by itself may be in the way of others: several are tried first.
    firsts = search.best(now)[:_FIRSTS]
    ends = [_streamed_on(search, search.taken(now, found)) for found in firsts] or [now]
    least = min(end.peak[0] for end in ends)
    good = (end for end in ends if end.peak[0] <= _AS_GOOD * least)
    best = max(good, key=lambda end: end.most)
    return Rows(best.streamed, best.calls, search, now, best.ranges)


def _streamed_on(search: "_Search", now: "_Now") -> "_Now":
    """With further ranges streamed, each time the one that is best then."""
    for _ in range(_MOST_RANGES - 1):
        found = search.best(now)
        if not found:
            break
        now = search.taken(now, found[0])
    return now


def stream_anyhow(
    streamed: Streamed, calls: Sequence[KernelCall], forms: Forms, seed: int
) -> tuple[Streamed, tuple[KernelCall, ...]]:
    """Random ranges streamed, whatever that saves or costs: for tests."""
    rng = random.Random(seed)
    search = _Search(BandLowering(streamed.graph, forms), lambda *_: (0, 0))
    now = tuple(calls)
    for _ in range(_MOST_ANYHOW):
        ranges = list(ranges_of(streamed, now, (rng.randrange(len(now)),)))
        if not ranges:
            continue
        candidate = rng.choice(ranges)
        found = search.tried(streamed, now, candidate, Wishes())
        sizes = _scratch_sizes(found) if found is not None else {}
        scratch = {n: size - 1 for n, size in sizes.items() if rng.random() < 0.3}
        along = (n for n in sizes if rng.random() < 0.5)
        kernels = {n: Kernel(KERNEL, rng.random() < 0.5) for n in along}
        found = search.tried(streamed, now, candidate, Wishes(scratch, kernels)) or found
        if found is not None:
            streamed, now = found.streamed, found.calls
    return streamed, now


@dataclass(frozen=True)
class _Search:
    """For the range whose streaming makes the arena smallest."""

    lowering: BandLowering
    peak: Peak

    def best(self, now: _Now) -> list[_Found]:
        """The ranges that save enough, one for the same layers, the best first.

        Of those within `_AS_GOOD` of the least peak that is the one that costs least.
        """
        limit = (1 - _LEAST_SHARE) * now.peak[0]
        by_layers = self._promising(now, limit)
        # Of each layers the rows at a time that could save most, if they are not too slow.
        ones = (
            self._affordable(now, sorted(b)) for b in nsmallest(_TRIED, by_layers.values(), key=min)
        )
        found = sorted((f for one in ones for f in islice(one, 1)), key=_by_peak)
        of_best = (self._affordable(now, by_layers[f.range.layers]) for f in found[:_REFINED])
        found = sorted((*chain.from_iterable(of_best), *found[_REFINED:]), key=_by_peak)
        few = _first_few(found)
        refined = [self.refined(now.streamed, now.calls, f, now.most) for f in found[:few]]
        enough = [f for f in (*refined, *found[few:]) if f.peak[0] <= limit]
        if not enough:
            return []
        least = min(f.peak for f in enough)
        good = [f for f in enough if f.peak[0] <= _AS_GOOD * least[0]]
        first = min(good, key=lambda f: (f.cost, f.peak))
        by_place = {f.range.layers: f for f in sorted(enough, key=_by_peak, reverse=True)}
        by_place.pop(first.range.layers)
        return [first, *sorted(by_place.values(), key=_by_peak)]

    def _promising(self, now: _Now, limit: float) -> dict[tuple[int, int], list[_Bounded]]:
        """By their layers, the ranges whose peak could be as low as `limit` at a fair cost."""
        room = Room.of(now.streamed, now.calls)
        found: dict[tuple[int, int], list[_Bounded]] = {}
        for number, c in enumerate(ranges_of(now.streamed, now.calls)):
            if overhead(now.streamed.graph, c) <= now.most:
                bound = room.bound(c.first, c.last, c.steps, c.kept)
                if bound[0] <= limit:
                    found.setdefault(c.layers, []).append((bound, number, c))
        return found

    def _affordable(self, now: _Now, bounded: Iterable[_Bounded]) -> Iterator[_Found]:
        """Those that can be streamed and cost no more than is left."""
        for _, _, candidate in bounded:
            found = self.tried(now.streamed, now.calls, candidate, Wishes())
            if found is not None and found.cost <= now.most:
                yield found

    def taken(self, now: _Now, found: _Found) -> _Now:
        """With a range streamed; its first call says what that trades."""
        text = (
            f"{trade_of(now.calls, found.range)}; the arena's peak is {found.peak[0]:,} bytes "
            f"instead of {now.peak[0]:,}"
        )
        calls = tuple(
            replace(call, trade="; ".join(filter(None, (text, call.trade))))
            if i == found.range.first
            else call
            for i, call in enumerate(found.calls)
        )
        ranges = (*now.ranges, found)
        return _Now(found.streamed, calls, found.peak, now.most - found.cost, ranges)

    def tried(
        self,
        streamed: Streamed,
        calls: tuple[KernelCall, ...],
        candidate: Range,
        wishes: Wishes,
    ) -> _Found | None:
        """The range streamed, with an output over an input where that goes; None if it cannot."""
        base = _laid_over(streamed, calls, candidate) or streamed
        try:
            over = self._over(candidate, wishes)
            new, placed = place_rows(base, candidate.steps, candidate.kept, over)
        except Unaligned:
            return None
        own = frozenset(t for t in new.parts if new.roots[t] == t)
        inner = band_calls(self.lowering, placed, own, wishes)
        if inner is None:
            return None
        new_calls = (*calls[: candidate.first], *inner, *calls[candidate.last :])
        new_calls = tuple(with_overlays(call, new) for call in new_calls)
        cost = overhead(streamed.graph, candidate) + sum(map(row_instructions, inner))
        cost -= sum(map(row_instructions, calls[candidate.first : candidate.last]))
        peak = self.peak(new, new_calls)
        return _Found(candidate, new, new_calls, peak, cost, wishes)

    def _over(self, candidate: Range, wishes: Wishes) -> frozenset[int]:
        """The places of the steps whose kernel may write its output over its only input."""
        calls = (None if s.of.sums else self.lowering.call(s, wishes) for s in candidate.steps)
        return frozenset(
            at
            for at, (s, call) in enumerate(zip(candidate.steps, calls, strict=True))
            if call is not None
            and call.reads == s.of.inputs[:1]
            and (s.of.inputs[0], s.of.output) in call.may_overlay
        )

    def refined(
        self, streamed: Streamed, calls: tuple[KernelCall, ...], found: _Found, most: float
    ) -> _Found:
        """The same range with less scratch for one operator after the other, while that helps.

        Several together may save enough where each alone does not.
        """
        enough = found
        for _ in range(_REFINEMENTS):
            less = (
                Wishes({**found.wishes.scratch, number: size - 1})
                for number, size in _scratch_sizes(found).items()
            )
            tries = [self.tried(streamed, calls, found.range, wishes) for wishes in less]
            better = [
                tried
                for tried in tries
                if tried is not None and tried.cost <= most and tried.peak[0] < found.peak[0]
            ]
            if not better:
                break
            # That which saves most for what it costs.
            before = found
            found = min(
                better,
                key=lambda f: (f.cost - before.cost) / (before.peak[0] - f.peak[0]),
            )
            if found.peak[0] <= (1 - _LEAST_STEP) * enough.peak[0]:
                enough = found
        return enough


def _first_few(found: Sequence[_Found]) -> int:
    """How many of them are `_REFINED` layers by as many rows, which may begin in several ways."""
    ways = [(f.range.layers, f.range.rows) for f in found]
    return next((i for i in range(len(ways)) if len({*ways[: i + 1]}) > _REFINED), len(ways))


def _by_peak(found: _Found) -> tuple[tuple[int, int], float]:
    return found.peak, found.cost


def _scratch_sizes(found: _Found) -> dict[int, int]:
    """The most scratch of each streamed operator's calls, by its number."""
    numbers = {s.of.operator.index for s in found.range.steps}
    sizes: dict[int, int] = {}
    for call in found.calls:
        if call.operator in numbers and call.scratch_size:
            sizes[call.operator] = max(sizes.get(call.operator, 0), call.scratch_size)
    return sizes


def _laid_over(
    streamed: Streamed, calls: Sequence[KernelCall], candidate: Range
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
