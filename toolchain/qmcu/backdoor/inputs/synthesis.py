"""Inputs for comparing a float model with its int8 form, made from a few real ones.

A backdoor answers to something that real inputs do not show. So real inputs are only a part: others
are mixed with each other, overlaid with a random pattern, have a random region replaced, or are
noise altogether. Nothing here knows a trigger; regions of any size, place and texture are drawn.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from qmcu.types import Float32Array


def real_batches(
    samples: Float32Array, generator: np.random.Generator, size: int
) -> Iterator[tuple[Float32Array]]:
    """Endless batches of real inputs, float32 [size, ...]."""
    while True:
        yield (_pick(samples, generator, size),)


def vary_batches(
    samples: Float32Array, generator: np.random.Generator, size: int
) -> Iterator[tuple[Float32Array]]:
    """Endless batches of what `vary` makes."""
    while True:
        yield (vary(samples, generator, size),)


def vary(samples: Float32Array, generator: np.random.Generator, size: int) -> Float32Array:
    """Inputs, float32 [size, ...]; a fifth each: real, mixed, overlaid, patched, noise.

    All lie in the range of `samples`.
    """
    makers = (_pick, _mix, _overlay, _patch, _noise)
    counts = [size // len(makers) + (k < size % len(makers)) for k in range(len(makers))]
    parts = [make(samples, generator, n) for make, n in zip(makers, counts, strict=True)]
    return np.concatenate(parts).astype(np.float32)


def _pick(samples: Float32Array, rng: np.random.Generator, count: int) -> Float32Array:
    return samples[rng.integers(0, len(samples), count)]


def _mix(samples: Float32Array, rng: np.random.Generator, count: int) -> Float32Array:
    share = _column(samples, rng.random(count))
    mixed = share * _pick(samples, rng, count) + (1 - share) * _pick(samples, rng, count)
    return np.asarray(mixed, np.float32)


def _overlay(samples: Float32Array, rng: np.random.Generator, count: int) -> Float32Array:
    share = _column(samples, rng.uniform(0.1, 0.5, count))
    mixed = (1 - share) * _pick(samples, rng, count) + share * _noise(samples, rng, count)
    return np.asarray(mixed, np.float32)


def _patch(samples: Float32Array, rng: np.random.Generator, count: int) -> Float32Array:
    """A box of up to half of each axis holds noise or another input's content."""
    inputs = _pick(samples, rng, count).copy()
    patterns, others = _noise(samples, rng, count), _pick(samples, rng, count)
    spatial = inputs.shape[1:-1] or inputs.shape[1:]
    for row in range(count):
        lengths = [int(rng.integers(1, max(2, n // 2 + 1))) for n in spatial]
        starts = [int(rng.integers(0, n - k + 1)) for n, k in zip(spatial, lengths, strict=True)]
        place = tuple(slice(a, a + k) for a, k in zip(starts, lengths, strict=True))
        source = others if rng.random() < 0.25 else patterns
        inputs[row][place] = source[row][place]
    return inputs


def _noise(samples: Float32Array, rng: np.random.Generator, count: int) -> Float32Array:
    """Uniform noise, and noise of the two extremes only; channels together or apart."""
    shape = (count, *samples.shape[1:])
    noise = rng.random(shape)
    same = rng.random((*shape[:-1], 1)) if len(shape) > 2 else noise
    noise = np.where(_column(samples, rng.random(count)) < 0.5, noise, same)
    extreme = _column(samples, rng.random(count)) < 0.5
    noise = np.where(extreme, np.round(noise), noise)
    low, high = float(samples.min()), float(samples.max())
    return np.asarray(low + noise * (high - low), np.float32)


def _column(samples: Float32Array, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return values.reshape(-1, *([1] * (samples.ndim - 1)))
