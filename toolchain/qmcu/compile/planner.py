"""The memory planner: every buffer gets an offset in one arena so that no two live ones overlap.

Greedy by size with first fit (the heuristic of TensorFlow Lite Micro's planner; Pisarchyk and Lee,
"Efficient Memory Management for Deep Neural Net Inference", 2020) gives the start; a short hill
climb over the order of placement follows when that misses the lower bound.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from qmcu.compile.lifetimes import Buffer, aligned, lower_bound
from qmcu.compile.plan import Placement

_CLIMB_STEPS = 2000
# Pairs of buffers that a climb may look at: about a second, whatever the size of the model.
_CLIMB_WORK = 10_000_000
# More buffers than that are placed by array operations, which cost too much for a few.
_MANY = 200

# The offset of each buffer, and the bytes that all take.
_Fit = tuple[list[int], int]


def place(buffers: Sequence[Buffer], *, seed: int = 0) -> tuple[tuple[Placement, ...], int]:
    """Place all buffers; returns the placements, in the order given, and the arena size in bytes.

    Deterministic for a seed. Never worse than greedy-by-size first fit.
    """
    bound = lower_bound(buffers)
    orders = [
        sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, buffers[i].first)),
        # What needs bytes behind it lies lowest.
        sorted(range(len(buffers)), key=lambda i: (not buffers[i].tail, -buffers[i].size)),
        sorted(range(len(buffers)), key=lambda i: (buffers[i].first, -buffers[i].size)),
        # An output lies lower than the input that it is written over.
        sorted(range(len(buffers)), key=lambda i: (-buffers[i].first, -buffers[i].size)),
        sorted(
            range(len(buffers)),
            key=lambda i: (-(buffers[i].last - buffers[i].first), -buffers[i].size),
        ),
    ]
    task = _Task.of(buffers)
    offsets, size = task.fit(best_order := orders[0])
    for order in orders[1:]:
        if size > bound and (found := task.fit(order))[1] < size:
            (offsets, size), best_order = found, order
    if size > bound and len(buffers) > 2:
        offsets, size = _climb(task, (offsets, size), best_order, bound, random.Random(seed))
    placements = tuple(
        Placement(b.name, b.tensors, offset, b.size, b.first, b.last)
        for b, offset in zip(buffers, offsets, strict=True)
    )
    return placements, size


def place_together(buffers: Sequence[Buffer]) -> tuple[tuple[Placement, ...], int]:
    """The same with every output that may lie over its input there, as near as it may.

    For tests: it takes more room where two that share bytes live much longer than each other.
    """
    overs = _overs(buffers)
    # Of a chain every second one.
    pairs: dict[int, int] = {}
    for target, source in overs.items():
        if source not in pairs and target not in pairs.values():
            pairs[target] = source
    joined = [
        replace(b, size=max(b.size, aligned(b.distance) + buffers[pairs[i]].size),
                first=buffers[pairs[i]].first, over=None)
        if i in pairs else replace(b, over=None)
        for i, b in enumerate(buffers)
    ]  # fmt: skip
    apart = [i for i in range(len(buffers)) if i not in pairs.values()]
    placements, size = place([joined[i] for i in apart])
    offsets = dict(zip(apart, (p.offset for p in placements), strict=True))
    offsets |= {s: offsets[t] + aligned(buffers[t].distance) for t, s in pairs.items()}
    return tuple(
        Placement(b.name, b.tensors, offsets[i], b.size, b.first, b.last)
        for i, b in enumerate(buffers)
    ), size


@dataclass(frozen=True)
class _Task:
    """The buffers, and of each which others live at some same step as it, found once.

    `tied` are those of them that it may lie over, or that may lie over it, as `overs` says.
    """

    buffers: Sequence[Buffer]
    overs: Mapping[int, int]
    apart: Sequence[Sequence[int]]
    tied: Sequence[Sequence[int]]

    @classmethod
    def of(cls, buffers: Sequence[Buffer]) -> "_Task":
        overs = _overs(buffers)
        apart: list[list[int]] = [[] for _ in buffers]
        tied: list[list[int]] = [[] for _ in buffers]
        if len(buffers) <= _MANY:
            for (i, one), (k, other) in combinations(enumerate(buffers), 2):
                if one.meets(other):
                    side = tied if overs.get(i) == k or overs.get(k) == i else apart
                    side[i].append(k)
                    side[k].append(i)
        return cls(buffers, overs, apart, tied)

    def fit(self, order: Sequence[int]) -> _Fit:
        """Place in this order, each at the lowest offset that is free during its life."""
        if len(self.buffers) > _MANY:
            return _first_fit_of_many(self.buffers, self.overs, order)
        found = self.fit_on([-1] * len(self.buffers), order)
        assert found is not None
        return found

    def swapped(self, best: _Fit, order: Sequence[int], i: int, k: int) -> _Fit | None:
        """What `fit` gives for this order, which is that of `best` with these two swapped.

        None where it takes more bytes than `best`. Those in front of both lie where they lay.
        """
        if len(self.buffers) > _MANY:
            found = self.fit(order)
            return found if found[1] <= best[1] else None
        offsets = list(best[0])
        rest = order[min(i, k) :]
        for current in rest:
            offsets[current] = -1
        return self.fit_on(offsets, rest, best[1])

    def fit_on(
        self, offsets: list[int], order: Sequence[int], most: int | None = None
    ) -> _Fit | None:
        """The same for those that `offsets` (-1) has no place for; None beyond `most` bytes."""
        buffers = self.buffers
        tops = [offset + b.size for offset, b in zip(offsets, buffers, strict=True)]
        for current in order:
            buffer = buffers[current]
            taken = [(offsets[i], tops[i]) for i in self.apart[current] if offsets[i] >= 0]
            taken += (
                _taken(buffers, self.overs, current, i, offsets[i])
                for i in self.tied[current]
                if offsets[i] >= 0
            )
            taken.sort()
            offset = far = 0
            for start, end in taken:
                if offset + buffer.size <= start:
                    break
                if end > far:
                    far, offset = end, aligned(end, buffer.alignment)
            offsets[current], tops[current] = offset, offset + buffer.size
            if most is not None and tops[current] + buffer.tail > most:
                return None
        return offsets, max((t + b.tail for t, b in zip(tops, buffers, strict=True)), default=0)


def _overs(buffers: Sequence[Buffer]) -> dict[int, int]:
    """Of each buffer that may lie over another as it begins: that one."""
    homes = {tensor: i for i, buffer in enumerate(buffers) for tensor in buffer.tensors}
    return {i: homes[b.over] for i, b in enumerate(buffers) if b.over is not None}


def _taken(
    buffers: Sequence[Buffer], overs: Mapping[int, int], current: int, other: int, offset: int
) -> tuple[int, int]:
    """What `current` may not reach into and must begin behind because of `other` at `offset`.

    The start lies behind the end where `current` may reach far over `other`.
    """
    buffer, end = buffers[current], offset + buffers[other].size
    if overs.get(current) == other:
        return max(offset, offset - aligned(buffer.distance) + buffer.size), end
    if overs.get(other) == current:
        return offset, min(end, offset + aligned(buffers[other].distance))
    return offset, end


def _first_fit_of_many(
    buffers: Sequence[Buffer], overs: Mapping[int, int], order: Sequence[int]
) -> tuple[list[int], int]:
    """The same, a pass over arrays for each buffer: thousands of them take about a second."""
    offsets = np.zeros(len(buffers), np.int64)
    related = {*overs, *overs.values()}
    first = np.array([b.first for b in buffers], np.int64)
    last = np.array([b.last for b in buffers], np.int64)
    # Those that have a place: offset, end, and which it is, in this order.
    placed = np.zeros((3, len(buffers)), np.int64)
    for count, current in enumerate(order):
        buffer, (starts, ends, which) = buffers[current], placed[:, :count]
        meets = (first[which] <= buffer.last) & (last[which] >= buffer.first)
        near, far = starts[meets], ends[meets]
        if current in related:
            pairs = sorted(
                _taken(buffers, overs, current, int(i), int(start))
                for i, start in zip(which[meets], near, strict=True)
            )
            near, far = np.array(pairs, np.int64).reshape(-1, 2).T
        behind = -(-far // buffer.alignment) * buffer.alignment
        free = np.maximum.accumulate(np.concatenate(([0], behind)))
        fits = np.flatnonzero(free[:-1] + buffer.size <= near)
        offset = int(free[fits[0]] if fits.size else free[-1])
        end = offset + buffer.size
        at = int(np.searchsorted(starts, offset, "left"))
        at += int(np.searchsorted(ends[at : np.searchsorted(starts, offset, "right")], end))
        placed[:, at + 1 : count + 1] = placed[:, at:count].copy()
        placed[:, at] = offset, end, current
        offsets[current] = offset
    tails = np.array([b.tail for b in buffers], np.int64)[placed[2]]
    return offsets.tolist(), int((placed[1] + tails).max())


def _climb(task: _Task, best: _Fit, order: list[int], bound: int, rng: random.Random) -> _Fit:
    """Swap two buffers of the order at a time and keep what is not worse."""
    count = len(order)
    for _ in range(min(_CLIMB_STEPS, 40 * count, _CLIMB_WORK // count**2)):
        if best[1] <= bound:
            break
        trial = list(order)
        i, k = rng.randrange(count), rng.randrange(count)
        trial[i], trial[k] = trial[k], trial[i]
        if found := task.swapped(best, trial, i, k):
            order, best = trial, found
    return best
