"""The memory planner: every buffer gets an offset in one arena so that no two live ones overlap.

Greedy by size with first fit (the heuristic of TensorFlow Lite Micro's planner; Pisarchyk and Lee,
"Efficient Memory Management for Deep Neural Net Inference", 2020) gives the start; a short hill
climb over the order of placement follows when that misses the lower bound.
"""

import random
from collections.abc import Sequence

import numpy as np

from qmcu.compile.lifetimes import Buffer, aligned, lower_bound
from qmcu.compile.plan import Placement

_CLIMB_STEPS = 2000
# Pairs of buffers that a climb may look at: about a second, whatever the size of the model.
_CLIMB_WORK = 10_000_000
# More buffers than that are placed by array operations, which cost too much for a few.
_MANY = 200


def place(buffers: Sequence[Buffer], *, seed: int = 0) -> tuple[tuple[Placement, ...], int]:
    """Place all buffers; returns the placements, in the order given, and the arena size in bytes.

    Deterministic for a seed. Never worse than greedy-by-size first fit.
    """
    bound = lower_bound(buffers)
    orders = [
        sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, buffers[i].first)),
        sorted(range(len(buffers)), key=lambda i: (buffers[i].first, -buffers[i].size)),
        sorted(
            range(len(buffers)),
            key=lambda i: (-(buffers[i].last - buffers[i].first), -buffers[i].size),
        ),
    ]
    offsets, size = _first_fit(buffers, best_order := orders[0])
    for order in orders[1:]:
        if size > bound and (found := _first_fit(buffers, order))[1] < size:
            (offsets, size), best_order = found, order
    if size > bound and len(buffers) > 2:
        offsets, size = _climb(buffers, best_order, bound, random.Random(seed))
    placements = tuple(
        Placement(b.name, b.tensors, offset, b.size, b.first, b.last)
        for b, offset in zip(buffers, offsets, strict=True)
    )
    return placements, size


def _first_fit(buffers: Sequence[Buffer], order: Sequence[int]) -> tuple[list[int], int]:
    """Place in this order, each at the lowest offset that is free during its life."""
    if len(buffers) > _MANY:
        return _first_fit_of_many(buffers, order)
    offsets = [-1] * len(buffers)
    size = 0
    for current in order:
        buffer = buffers[current]
        taken = sorted(
            (offsets[i], offsets[i] + buffers[i].size)
            for i in range(len(buffers))
            if offsets[i] >= 0 and buffers[i].meets(buffer)
        )
        offset = 0
        for start, end in taken:
            if offset + buffer.size <= start:
                break
            offset = max(offset, aligned(end, buffer.alignment))
        offsets[current] = offset
        size = max(size, offset + buffer.size)
    return offsets, size


def _first_fit_of_many(buffers: Sequence[Buffer], order: Sequence[int]) -> tuple[list[int], int]:
    """The same, a pass over arrays for each buffer: thousands of them take about a second."""
    offsets = np.zeros(len(buffers), np.int64)
    first = np.array([b.first for b in buffers], np.int64)
    last = np.array([b.last for b in buffers], np.int64)
    # Those that have a place: offset, end, and which it is, in this order.
    placed = np.zeros((3, len(buffers)), np.int64)
    for count, current in enumerate(order):
        buffer, (starts, ends, which) = buffers[current], placed[:, :count]
        meets = (first[which] <= buffer.last) & (last[which] >= buffer.first)
        behind = -(-ends[meets] // buffer.alignment) * buffer.alignment
        free = np.maximum.accumulate(np.concatenate(([0], behind)))
        fits = np.flatnonzero(free[:-1] + buffer.size <= starts[meets])
        offset = int(free[fits[0]] if fits.size else free[-1])
        end = offset + buffer.size
        at = int(np.searchsorted(starts, offset, "left"))
        at += int(np.searchsorted(ends[at : np.searchsorted(starts, offset, "right")], end))
        placed[:, at + 1 : count + 1] = placed[:, at:count].copy()
        placed[:, at] = offset, end, current
        offsets[current] = offset
    return offsets.tolist(), int(placed[1].max())


def _climb(
    buffers: Sequence[Buffer], order: list[int], bound: int, rng: random.Random
) -> tuple[list[int], int]:
    """Swap two buffers of the order at a time and keep what is not worse."""
    best = _first_fit(buffers, order)
    steps = min(_CLIMB_STEPS, 40 * len(buffers), _CLIMB_WORK // len(buffers) ** 2)
    for _ in range(steps):
        if best[1] <= bound:
            break
        trial = list(order)
        i, j = rng.randrange(len(trial)), rng.randrange(len(trial))
        trial[i], trial[j] = trial[j], trial[i]
        result = _first_fit(buffers, trial)
        if result[1] <= best[1]:
            order, best = trial, result
    return best
