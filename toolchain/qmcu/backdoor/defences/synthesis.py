"""Inputs for comparing the float model with its int8 form, made from the calibration inputs alone.

A backdoor answers to something that real inputs do not show. So real inputs are only a part: others
are mixed with each other, overlaid with a random pattern, have a random region replaced, or are
noise altogether. Nothing here knows a trigger; regions of any size, place and texture are drawn.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.defences.method import DefenceContext

FloatArray = npt.NDArray[np.float32]


def real_batches(context: DefenceContext, size: int) -> Iterator[tuple[FloatArray]]:
    """Endless batches of calibration inputs, float32 [size, ...]."""
    generator = context.generator()
    while True:
        yield (context.samples[generator.integers(0, len(context.samples), size)],)


def varied_batches(context: DefenceContext, size: int) -> Iterator[tuple[FloatArray]]:
    """Endless batches, a fifth each: real, mixed, overlaid, with a region replaced, noise."""
    generator = context.generator()
    makers = (_real, _mixed, _overlaid, _regions, _noise)
    counts = [size // len(makers) + (k < size % len(makers)) for k in range(len(makers))]
    while True:
        parts = [make(context, generator, n) for make, n in zip(makers, counts, strict=True)]
        yield (np.concatenate(parts).astype(np.float32),)


def _real(context: DefenceContext, rng: np.random.Generator, count: int) -> FloatArray:
    return context.samples[rng.integers(0, len(context.samples), count)]


def _mixed(context: DefenceContext, rng: np.random.Generator, count: int) -> FloatArray:
    share = _column(context, rng.random(count))
    mixed = share * _real(context, rng, count) + (1 - share) * _real(context, rng, count)
    return np.asarray(mixed, np.float32)


def _overlaid(context: DefenceContext, rng: np.random.Generator, count: int) -> FloatArray:
    share = _column(context, rng.uniform(0.1, 0.5, count))
    mixed = (1 - share) * _real(context, rng, count) + share * _noise(context, rng, count)
    return np.asarray(mixed, np.float32)


def _regions(context: DefenceContext, rng: np.random.Generator, count: int) -> FloatArray:
    inputs = _real(context, rng, count).copy()
    patterns = _noise(context, rng, count)
    others = _real(context, rng, count)
    spatial = inputs.shape[1:-1] or inputs.shape[1:]
    for row in range(count):
        lengths = [int(rng.integers(1, max(2, n // 2 + 1))) for n in spatial]
        starts = [int(rng.integers(0, n - k + 1)) for n, k in zip(spatial, lengths, strict=True)]
        place = tuple(slice(a, a + k) for a, k in zip(starts, lengths, strict=True))
        source = others if rng.random() < 0.25 else patterns
        inputs[row][place] = source[row][place]
    return inputs


def _noise(context: DefenceContext, rng: np.random.Generator, count: int) -> FloatArray:
    """Uniform noise, and noise of the two extremes only; channels together or apart."""
    shape = (count, *context.samples.shape[1:])
    noise = rng.random(shape)
    same = rng.random((*shape[:-1], 1)) if len(shape) > 2 else noise
    noise = np.where(_column(context, rng.random(count)) < 0.5, noise, same)
    extreme = _column(context, rng.random(count)) < 0.5
    noise = np.where(extreme, np.round(noise), noise)
    return np.asarray(context.low + noise * (context.high - context.low), np.float32)


def _column(context: DefenceContext, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return values.reshape(-1, *([1] * (context.samples.ndim - 1)))
