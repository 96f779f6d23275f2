"""The planner's result is checked by a test that knows nothing of how it was found."""

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qmcu.compile import planner
from qmcu.compile.lifetimes import ALIGNMENT, Buffer, lower_bound
from qmcu.compile.planner import place


@st.composite
def buffer_lists(draw: st.DrawFn) -> list[Buffer]:
    count = draw(st.integers(0, 14))
    buffers = []
    for i in range(count):
        first = draw(st.integers(-1, 10))
        last = draw(st.integers(first, 11))
        buffers.append(Buffer(f"b{i}", (i,), draw(st.integers(1, 5000)), first, last))
    return buffers


def greedy_by_size_with_16_byte_alignment(buffers: list[Buffer]) -> int:
    """TensorFlow Lite Micro's planner, restated: sizes rounded to 16, largest first, first gap."""
    placed: list[tuple[int, int, Buffer]] = []
    for buffer in sorted(buffers, key=lambda b: -b.size):
        size = -(-buffer.size // 16) * 16
        start = 0
        for offset, other_size, other in sorted(placed, key=lambda p: p[0]):
            overlaps_in_time = other.first <= buffer.last and buffer.first <= other.last
            if overlaps_in_time and start + size > offset:
                start = max(start, offset + other_size)
        placed.append((start, size, buffer))
    return max((start + size for start, size, _ in placed), default=0)


@given(buffer_lists())
@settings(max_examples=150, deadline=None)
def test_no_two_live_buffers_share_a_byte(buffers: list[Buffer]) -> None:
    placements, size = place(buffers)
    for step in range(-1, 12):
        used: set[int] = set()
        for p in placements:
            if p.first <= step <= p.last:
                mine = set(range(p.offset, p.offset + p.size))
                assert not used & mine
                used |= mine
        assert not used or max(used) < size


@given(buffer_lists())
@settings(max_examples=150, deadline=None)
def test_size_is_between_the_lower_bound_and_the_interpreter_s_planner(
    buffers: list[Buffer],
) -> None:
    placements, size = place(buffers)
    assert lower_bound(buffers) <= size <= greedy_by_size_with_16_byte_alignment(buffers)
    assert all(p.offset % ALIGNMENT == 0 for p in placements)
    assert [p.name for p in placements] == [b.name for b in buffers]


def test_lower_bound_is_reached_where_greedy_alone_misses_it() -> None:
    buffers = [
        Buffer("a", (0,), 40, 0, 1),
        Buffer("b", (1,), 60, 1, 2),
        Buffer("c", (2,), 40, 2, 3),
        Buffer("d", (3,), 60, 3, 4),
    ]
    assert place(buffers)[1] == lower_bound(buffers) == 100


def test_placing_is_deterministic() -> None:
    buffers = [Buffer(f"b{i}", (i,), 100 + 37 * i % 91, i % 5 - 1, i % 5 + 2) for i in range(12)]
    assert place(buffers) == place(buffers)


def test_wider_types_are_aligned_to_their_size() -> None:
    buffers = [Buffer("bytes", (0,), 5, 0, 1), Buffer("longs", (1,), 16, 0, 1, alignment=8)]
    for order in (buffers, buffers[::-1]):
        placements, _ = place(order)
        assert next(p for p in placements if p.name == "longs").offset % 8 == 0


def drawn_buffers(count: int, steps: int, seed: int) -> list[Buffer]:
    rng = random.Random(seed)
    buffers = []
    for i in range(count):
        first = rng.randrange(-1, steps)
        last = min(steps, first + rng.randrange(1 + steps // 3))
        size = rng.choice([0, 1, 5, 8, 63, 64, 64, 200])
        buffers.append(Buffer(f"b{i}", (i,), size, first, last, rng.choice([4, 4, 8])))
    return buffers


def test_many_buffers_are_placed_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(25):
        buffers = drawn_buffers(40, 15, seed)
        few = place(buffers)
        with monkeypatch.context() as patch:
            patch.setattr(planner, "_MANY", 2)
            assert place(buffers) == few


def related_buffers(seed: int) -> list[Buffer]:
    """Some may lie over one that ends as they begin, and some need bytes behind them."""
    rng = random.Random(seed)
    buffers: list[Buffer] = []
    for i, buffer in enumerate(drawn_buffers(24, 15, seed)):
        ending = [b for b in buffers if b.last == buffer.first]
        over = rng.choice(ending).tensors[0] if ending and i % 2 else None
        distance, tail = rng.choice([0, 16, 40]), rng.choice([0, 0, 0, 96])
        buffers.append(replace(buffer, over=over, distance=distance, tail=tail))
    return buffers


def test_many_buffers_that_share_bytes_are_placed_as_few_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for seed in range(25):
        buffers = related_buffers(seed)
        few = place(buffers)
        with monkeypatch.context() as patch:
            patch.setattr(planner, "_MANY", 2)
            assert place(buffers) == few


def test_a_lower_bound_is_the_fullest_step() -> None:
    for seed in range(25):
        buffers = drawn_buffers(12, 9, seed)
        fullest = 0
        for step in range(-1, 10):
            sizes = [b.size for b in buffers if b.first <= step <= b.last]
            padded = [-(-size // ALIGNMENT) * ALIGNMENT for size in sizes]
            # Behind the last one nothing is padded: the one that would waste most.
            waste = max((p - s for p, s in zip(padded, sizes, strict=True)), default=0)
            fullest = max(fullest, sum(padded) - waste)
        assert lower_bound(buffers) == fullest


def test_thousands_of_branches_take_seconds() -> None:
    """1,600 side by side, then a tree of sums; when each pair was compared it took 21 s."""
    buffers = [Buffer(f"b{i}", (i,), 8 + i % 5, i, 1600 + i // 2) for i in range(1600)]
    buffers += [Buffer(f"s{i}", (1600 + i,), 8, 1600 + i, 2400 + i // 2) for i in range(1599)]
    started = time.process_time()
    _, size = place(buffers)
    assert time.process_time() - started < 8
    assert size < 1.2 * lower_bound(buffers)
