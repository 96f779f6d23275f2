"""The memory planner: every buffer gets an offset in one arena so that no two live ones overlap.

Greedy by size with first fit (the heuristic of TensorFlow Lite Micro's planner; Pisarchyk and Lee,
"Efficient Memory Management for Deep Neural Net Inference", 2020) gives the start; a short hill
climb over the order of placement follows when that misses the lower bound.
"""

import random
from collections.abc import Sequence

from qmcu.compile.lifetimes import Buffer, aligned, lower_bound
from qmcu.compile.plan import Placement

_CLIMB_STEPS = 2000
# Pairs of buffers that a climb may look at: about a second, whatever the size of the model.
_CLIMB_WORK = 10_000_000


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
    offsets, size = min((_first_fit(buffers, order) for order in orders), key=lambda r: r[1])
    if size > bound and len(buffers) > 2:
        best_order = min(orders, key=lambda order: _first_fit(buffers, order)[1])
        offsets, size = _climb(buffers, best_order, bound, random.Random(seed))
    placements = tuple(
        Placement(b.name, b.tensors, offset, b.size, b.first, b.last)
        for b, offset in zip(buffers, offsets, strict=True)
    )
    return placements, size


def _first_fit(buffers: Sequence[Buffer], order: Sequence[int]) -> tuple[list[int], int]:
    """Place in this order, each at the lowest offset that is free during its life."""
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
