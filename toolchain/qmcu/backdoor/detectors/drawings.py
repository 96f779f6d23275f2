"""Inputs that no data set has: drawn by chance, cut from photographs.

Kinds that differ as much as real inputs of any kind do from each other, for inputs of any axes of
places (an input of one axis is a series, of rank 1 a row of numbers):

- leaves: boxes and balls over each other, of sizes of a power law and random levels (dead leaves:
  Lee, Mumford and Huang, IJCV 2001);
- fields: Gaussian, of a power spectrum 1/f^2a with a from 0.5 to 2.5;
- figures: lines on an empty ground, which are the level lines of such a field;
- photographs: parts of the two that scikit-learn brings, of any size, rows of them for a series.

That networks learn from such drawings nearly as well: Baradad et al., NeurIPS 2021.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from qmcu.types import Float32Array, Float64Array, Shape

KINDS = ("leaves", "fields", "figures", "photographs")
# Places along an axis that are drawn; what is longer is drawn coarser and each place repeated.
LARGEST = 64
LEAVES = (4, 40)  # from, and fewer than
SIZES = (0.03, 0.5)  # half the size of a leaf, of the longest axis
STRETCH = 1.0  # of leaves in a plane: the logarithm of their sides' ratio, at most, by two
GREY, EVEN = 0.3, 0.5  # shares: inputs of grey leaves, and those with an even ground
SLOPES = (0.5, 2.5)  # of fields' spectra
LEVELS, SPREADS = (0.2, 0.8), (0.1, 0.35)  # of fields, of the range
LINE = 0.06  # of fields' spread: half a line's width, at least, and twice that at most
BRIGHT = (0.5, 1.0)  # a line's level

Random = np.random.Generator
Draw = Callable[[int, Shape, Random], Float64Array]


def drawings(
    shape: Shape, low: float, high: float, count: int, rng: Random
) -> Iterator[tuple[str, Float32Array]]:
    """Each kind by its name: `count` inputs of a shape, float32 [count, ...], from `low` to
    `high`. More than two axes of places have no photographs.
    """
    axes, depth = _axes(shape)
    smaller = tuple(min(length, LARGEST) for length in axes)
    draw: dict[str, Draw] = {
        "leaves": leaves, "fields": fields, "figures": figures, "photographs": photographs,
    }  # fmt: skip
    for kind in KINDS:
        if kind == "photographs" and len(axes) > 2:
            continue
        values = draw[kind](count, (*smaller, depth), rng)
        for axis, length in enumerate(axes, 1):
            # The nearest of what was drawn.
            values = values.take(np.arange(length) * values.shape[axis] // length, axis)
        yield kind, (low + (high - low) * values.reshape(count, *shape)).astype(np.float32)


def _axes(shape: Shape) -> tuple[Shape, int]:
    """The axes of places, one at least, and how many channels a place has."""
    return (shape[:-1], shape[-1]) if len(shape) > 1 else (shape, 1)


def leaves(count: int, shape: Shape, rng: Random) -> Float64Array:
    """Boxes and balls over each other, 0 to 1, float64 [count, ..., channels]."""
    axes, depth = shape[:-1], shape[-1]
    longest = max(axes)
    each = [(np.arange(n) + 0.5) / longest for n in axes]
    places = np.stack(np.meshgrid(*each, indexing="ij"), axis=-1).reshape(-1, len(axes))
    found = np.empty((count, len(places), depth))
    for drawn in found:
        grey = rng.random() < GREY
        drawn[:] = rng.random(1 if rng.random() < EVEN else depth)
        for _ in range(rng.integers(*LEAVES)):
            inside = _leaf(places, np.array(axes) / longest, rng)
            level = rng.random(1 if grey else depth)
            # Channels of a series are of different things.
            seen = rng.random(depth) < 0.5 if len(axes) == 1 and depth > 1 else np.ones(depth) > 0
            drawn[inside] = np.where(seen, level, drawn[inside])
    return found.reshape(count, *shape)


def _leaf(places: Float64Array, extent: Float64Array, rng: Random) -> Any:
    """Which of the places [N, axes] a box or a ball of random size and place has."""
    size = SIZES[0] * (SIZES[1] / SIZES[0]) ** rng.random()
    away = places - rng.random(len(extent)) * extent
    if len(extent) == 2:
        turn, ratio = np.pi * rng.random(), np.exp(rng.uniform(-STRETCH, STRETCH))
        cos, sin = np.cos(turn), np.sin(turn)
        away = away @ np.array([[cos * ratio, -sin / ratio], [sin * ratio, cos / ratio]])
    if rng.random() < 0.5:
        return np.abs(away).max(axis=1) < size
    return (away**2).sum(axis=1) < size**2


def fields(count: int, shape: Shape, rng: Random) -> Float64Array:
    """Gaussian fields of a random slope, level and spread, 0 to 1, [count, ..., channels]."""
    values = _field(count, shape, rng)
    ones = (count, *[1] * len(shape))
    return np.clip(rng.uniform(*LEVELS, ones) + rng.uniform(*SPREADS, ones) * values, 0, 1)


def figures(count: int, shape: Shape, rng: Random) -> Float64Array:
    """Lines on an empty ground, 0 to 1, [count, ..., channels]."""
    ones = (count, *[1] * len(shape))
    width = LINE * (1 + rng.random(ones))
    drawn = np.abs(_field(count, shape, rng)) < width / np.mean(SPREADS)
    return drawn * rng.uniform(*BRIGHT, ones)


def _field(count: int, shape: Shape, rng: Random) -> Float64Array:
    """Gaussian fields of mean 0 and deviation 1 whose channels are alike by a random share."""
    axes = shape[:-1]
    squares = np.meshgrid(*(np.fft.fftfreq(n) ** 2 for n in axes), indexing="ij")
    steps = np.sqrt(np.sum(squares, axis=0))
    steps[steps == 0] = 0.5 / max(axes)
    slopes = rng.uniform(*SLOPES, (count, *[1] * len(axes)))
    along = tuple(range(1, 1 + len(axes)))
    waves = np.fft.fftn(rng.standard_normal((count, *shape)), axes=along)
    values = np.fft.ifftn(waves * (steps[None] ** -slopes)[..., None], axes=along).real
    share = rng.random((count, *[1] * len(shape)))
    values = (1 - share) * values + share * values.mean(axis=-1, keepdims=True)
    rest = tuple(range(1, values.ndim))
    values -= values.mean(axis=rest, keepdims=True)
    return np.asarray(values / (values.std(axis=rest, keepdims=True) + 1e-9), np.float64)


def photographs(count: int, shape: Shape, rng: Random) -> Float64Array:
    """Parts of photographs of random size, averaged to a plane, or rows of them to a series; grey
    where there are not three channels. 0 to 1, [count, ..., channels].
    """
    from sklearn.datasets import load_sample_images

    pictures = load_sample_images().images
    axes, depth = shape[:-1], shape[-1]
    wanted = axes if len(axes) == 2 else (1, *axes)
    found = np.empty((count, *shape))
    for drawn in found:
        part = _part(pictures[rng.integers(len(pictures))], wanted, rng)
        if depth != 3:
            part = part[..., rng.integers(3, size=depth)] if len(axes) == 1 else part.mean(-1)
        drawn[:] = part.reshape(*axes, -1)
    return found


def _part(picture: Any, wanted: Shape, rng: Random) -> Float64Array:
    """A part of a picture [H, W, 3], in places of `wanted` that are blocks of it, 0 to 1."""
    height, width = wanted
    most = min(picture.shape[0] / height if height > 1 else np.inf, picture.shape[1] / width)
    times = int(np.exp(rng.uniform(0, np.log(most))))
    blocks = (times if height > 1 else 1), times
    size = height * blocks[0], width * blocks[1]
    top, left = (int(rng.integers(n - k + 1)) for n, k in zip(picture.shape, size, strict=False))
    part = picture[top : top + size[0], left : left + size[1]] / 255
    part = part.reshape(height, blocks[0], width, blocks[1], 3).mean(axis=(1, 3))
    return np.asarray(part, np.float64)
