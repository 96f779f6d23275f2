"""What an output is written over was read before: followed byte by byte, in the kernels' order."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from qmcu.compile.kernel_sets.trailing import (
    behind_bands,
    behind_rows,
    behind_tiles,
    behind_windows,
)
from qmcu.compile.operators.window import Axis, axis
from qmcu.compile.plan import KernelCall
from qmcu.model.graph import Tensor

CALL = KernelCall("k", "l", 0, "K", (), (0,), (1,))
# Bytes of the input that are read, then bytes of the output that are written, step by step.
Steps = Iterator[tuple[set[int], range]]


class Layer:
    """A window over an image, with what its kernel reads and writes in which order."""

    def __init__(self, rng: np.random.Generator) -> None:
        height, width = rng.integers(2, 9, 2)
        depth, filters = rng.integers(1, 6, 2)
        self.axes = self._axis(rng, int(height)), self._axis(rng, int(width))
        self.source = Tensor(0, "in", (1, int(height), int(width), int(depth)), "int8")
        sizes = (axis.output for axis in self.axes)
        self.target = Tensor(1, "out", (1, *sizes, int(filters)), "int8")

    @staticmethod
    def _axis(rng: np.random.Generator, size: int) -> Axis:
        kernel = int(rng.integers(1, min(size, 4) + 1))
        dilation = int(rng.integers(1, 3)) if (kernel - 1) * 2 < size else 1
        padding = str(rng.choice(["SAME", "VALID"]))
        return axis(padding, size, kernel, int(rng.integers(1, 4)), dilation)

    def rows(self, first: int, last: int) -> set[int]:
        """The bytes of the input's rows [first, last) that there are."""
        _, height, width, depth = self.source.shape
        inside = range(max(first, 0), min(last, height))
        return {r * width * depth + i for r in inside for i in range(width * depth)}

    def window(self, y: int, x: int) -> set[int]:
        _, height, width, depth = self.source.shape
        found: set[int] = set()
        vertical, horizontal = self.axes
        for i in range(vertical.kernel):
            for j in range(horizontal.kernel):
                row = y * vertical.stride - vertical.padding + i * vertical.dilation
                column = x * horizontal.stride - horizontal.padding + j * horizontal.dilation
                if 0 <= row < height and 0 <= column < width:
                    start = (row * width + column) * depth
                    found.update(range(start, start + depth))
        return found

    def by_rows(self) -> Steps:
        vertical = self.axes[0]
        size = self.target.shape[2] * self.target.shape[3]
        extent = (vertical.kernel - 1) * vertical.dilation + 1
        copied = -vertical.padding
        for y in range(vertical.output):
            top = y * vertical.stride - vertical.padding
            yield self.rows(max(top, copied), top + extent), range(y * size, (y + 1) * size)
            copied = top + extent

    def by_bands(self, together: int) -> Steps:
        """All rows of some rows of windows are read for as long as these are written."""
        vertical = self.axes[0]
        size = self.target.shape[2] * self.target.shape[3]
        extent = (vertical.kernel - 1) * vertical.dilation + 1
        for y in range(0, vertical.output, together):
            end = min(y + together, vertical.output)
            top = y * vertical.stride - vertical.padding
            last = (end - 1) * vertical.stride - vertical.padding + extent
            yield self.rows(top, last), range(y * size, end * size)

    def by_windows(self, together: int) -> Steps:
        depth = self.target.shape[3]
        pixels = [(y, x) for y in range(self.target.shape[1]) for x in range(self.target.shape[2])]
        for at in range(0, len(pixels), together):
            some = pixels[at : at + together]
            yield (
                set().union(*(self.window(*p) for p in some)),
                range(at * depth, (at + len(some)) * depth),
            )


def is_safe(steps: Steps, distance: int, *, overlapping: bool = False) -> bool:
    """Whether no byte is read after it was written; `overlapping`: a step's bytes go both ways."""
    written = -1
    for read, writes in steps:
        if overlapping:
            written = max(written, writes.stop - 1)
        if read and min(read) + distance <= written:
            return False
        written = max(written, writes.stop - 1)
    return True


def distance_of(call: KernelCall, target: Tensor) -> int:
    """As the call says it; so far that nothing is shared where it says nothing."""
    return call.may_trail[0][2] if call.may_trail else target.size


@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_written_over_before_it_is_read(seed: int) -> None:
    layer = Layer(np.random.default_rng(seed))
    source, target = layer.source, layer.target
    undilated = replace(layer.axes[0], dilation=1) == layer.axes[0]
    distance = distance_of(behind_rows(CALL, source, target, layer.axes[0]), target)
    # Rows that a window leaves out are read with it, or not at all.
    assert not undilated or is_safe(layer.by_rows(), distance)
    for together in (2, 4):
        call = behind_windows(CALL, source, target, layer.axes, together)
        assert is_safe(layer.by_windows(together), distance_of(call, target))
    for together in (1, 2):
        call = behind_bands(CALL, source, target, layer.axes[0], together)
        assert is_safe(layer.by_bands(together), distance_of(call, target), overlapping=True)
    call = behind_windows(CALL, source, target, layer.axes, 0)
    assert is_safe(layer.by_windows(1), distance_of(call, target), overlapping=True)
    call = behind_windows(CALL, source, target, layer.axes, 0, beside=4)
    assert is_safe(layer.by_windows(4), distance_of(call, target), overlapping=True)


def test_the_distance_is_no_larger_than_it_must_be() -> None:
    """To a word: at four bytes less something would be read that is written over."""
    shared = 0
    for seed in range(60):
        layer = Layer(np.random.default_rng(seed))
        call = behind_rows(CALL, layer.source, layer.target, layer.axes[0])
        for *_, distance in call.may_trail:
            shared += 1
            if distance and layer.axes[0].dilation == 1 and layer.axes[0].stride < 2:
                assert not is_safe(layer.by_rows(), distance - 4)
    assert shared > 20


def test_tiles_are_four_rows_read_from_the_second_on() -> None:
    source = Tensor(0, "in", (1, 8, 4, 2), "int8")
    target = Tensor(1, "out", (1, 8, 4, 4), "int8")
    call = behind_tiles(CALL, source, target, Axis(3, 1, 1, 8, 1))
    # Rows 0 to 3 are 64 bytes, written while row 0 is read; 4 to 7 128, while row 4 is.
    assert call.may_trail == ((0, 1, 128 - 4 * 8),)


def test_several_images_are_not_shared() -> None:
    source, target = (Tensor(i, "t", (2, 4, 4, 1), "int8") for i in range(2))
    assert not behind_rows(CALL, source, target, Axis(3, 1, 1, 4, 1)).may_trail
