"""Patterns drawn at random that look like what people choose as triggers: blocks, stripes, waves.

Values that are each drawn by themselves are noise, and of noise a network sees little. Squares,
bars, stripes and gradients are few among all patterns, so they are drawn as such. Sinusoids:
Barni et al., ICIP 2019; blends over whole inputs: Chen et al., 2017.
"""

from collections.abc import Callable

import numpy as np

from qmcu.types import Float32Array

Generator = np.random.Generator
# Patterns of as many kinds of blocks or stripes are drawn at once; of blocks this large at most.
_GROUPS, _LARGEST = 24, 8


def draw_blocks(rng: Generator, count: int, shape: tuple[int, ...], levels: int) -> Float32Array:
    """Blocks of one of `levels` values each, 0 to 1, all of one size in a pattern: float32 [count,
    *shape]; channels are alike in half of the patterns.
    """
    sides = _sides(shape)

    def draw(number: int) -> Float32Array:
        sizes = [int(rng.integers(1, min(side, _LARGEST) + 1)) for side in sides]
        cells = [-(-side // size) + 1 for side, size in zip(sides, sizes, strict=True)]
        alike = len(shape) > 1 and rng.random() < 0.5
        deep = 1 if alike or len(shape) == 1 else shape[-1]
        values = rng.integers(0, levels, (number, *cells, deep)).astype(np.float32)
        for axis, (side, size) in enumerate(zip(sides, sizes, strict=True), 1):
            begin = int(rng.integers(size))
            rows = np.arange(begin, begin + side)
            values = np.repeat(values, size, axis).take(rows, axis)
        return values / np.float32(levels - 1)

    return _in_groups(draw, count, shape)


def draw_stripes(rng: Generator, count: int, shape: tuple[int, ...]) -> Float32Array:
    """Stripes across one axis that come again and again, values 0, 0.5 or 1: float32 [count,
    *shape].
    """
    sides = _sides(shape)

    def draw(number: int) -> Float32Array:
        axis = int(rng.integers(len(sides)))
        period = int(rng.integers(2, max(3, sides[axis] // 2 + 1)))
        rows = (np.arange(sides[axis]) + rng.integers(period)) % period
        if rng.random() < 0.5:
            values = rng.integers(0, 3, (number, period))[:, rows] / 2
        else:
            wide = rng.integers(1, period, (number, 1))
            values = np.where(rows < wide, rng.integers(0, 2, (number, 1)), 0.5)
        spread = [number, *[1] * len(sides), 1]
        spread[1 + axis] = sides[axis]
        return np.asarray(values, np.float32).reshape(spread)

    return _in_groups(draw, count, shape)


def draw_waves(rng: Generator, count: int, shape: tuple[int, ...]) -> Float32Array:
    """Waves in any direction, from half of one over the whole input to one of two values: float32
    [count, *shape], 0 to 1.
    """
    sides = _sides(shape)

    def draw(number: int) -> Float32Array:
        phase = rng.random((number, *[1] * len(sides), 1))
        for axis, side in enumerate(sides, 1):
            often = rng.integers(0, side + 1, number) / 2 * (rng.random(number) < 0.7)
            often *= rng.choice([-1.0, 1.0], number)
            along = [1] * (len(sides) + 2)
            along[axis] = side
            way = (np.arange(side) / side).reshape(along)
            phase = phase + often.reshape(-1, *[1] * (len(sides) + 1)) * way
        return np.asarray(0.5 + 0.5 * np.sin(2 * np.pi * phase), np.float32)

    return _in_groups(draw, count, shape)


def _sides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes but the last one of several, which is channels."""
    return shape[:-1] if len(shape) > 1 else shape


def _in_groups(
    draw: Callable[[int], Float32Array], count: int, shape: tuple[int, ...]
) -> Float32Array:
    """What `draw` makes of so many patterns [number, *sides, channels], a group after the other."""
    wanted = (*_sides(shape), shape[-1] if len(shape) > 1 else 1)
    parts = []
    for rows in np.array_split(np.arange(count), min(_GROUPS, max(1, count))):
        parts.append(np.broadcast_to(draw(len(rows)), (len(rows), *wanted)))
    return np.asarray(np.concatenate(parts).reshape(count, *shape), np.float32)
