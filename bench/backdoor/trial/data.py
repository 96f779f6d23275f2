"""The trial's data: digits, CIFAR-10 at 16x16, spoken words and sensor windows made by a seed."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.inputs import Dataset, load_dataset
from qmcu.types import Float32Array

Random = np.random.Generator
CIFAR10 = "../shared/data/cifar10_jpeg.npz"
TRAINING, TESTING = 1200, 400
_CIFAR_POOL, _CIFAR_TRAINING, _CIFAR_TESTING = 8000, 4000, 1000

# Of the made-up speech: samples a second, samples a clip and a frame, frequency bands.
RATE, CLIP, FRAME, BANDS = 8000, 4800, 200, 16
_WORDS, _PHONES = 8, 3
# Formants of vowels in Hz (Peterson and Barney, 1952, rounded), and bands of hissing.
_VOWELS = ((270, 2290, 3010), (530, 1840, 2480), (660, 1720, 2410), (730, 1090, 2440),
           (570, 840, 2410), (300, 870, 2240), (490, 1350, 1690))  # fmt: skip
_HISSES = ((2500, 3900), (1500, 2600), (600, 1500))
_ACTIVITIES, _SAMPLES, _CHANNELS = 6, 32, 3


def trial_data(name: str, seed: int, cifar10: str = CIFAR10) -> Dataset:
    """The data set of a seed: another split of digits or CIFAR-10, other words or movements.

    Raises UsageError where `cifar10`, the name or file of CIFAR-10, is not there.
    """
    if name == "digits":
        return load_dataset("digits", seed=seed)
    if name == "cifar":
        return _small_images(cifar10, np.random.default_rng([seed, 1]))
    make = _words if name == "keywords" else _movements
    return _divided(name, *make(np.random.default_rng([seed, 2])))


def _divided(name: str, inputs: Float32Array, labels: npt.NDArray[np.int64]) -> Dataset:
    low, high = float(inputs[:TRAINING].min()), float(inputs[:TRAINING].max())
    return Dataset(
        name, inputs[:TRAINING], labels[:TRAINING], np.clip(inputs[TRAINING:], low, high),
        labels[TRAINING:], int(labels.max()) + 1, low, high,
    )  # fmt: skip


def _small_images(cifar10: str, rng: Random) -> Dataset:
    """4,000 of the first 8,000 training images and 1,000 test images, halved by averaging."""
    full = _pool(cifar10)
    chosen = rng.permutation(len(full.train_inputs))[:_CIFAR_TRAINING]
    return replace(
        full, train_inputs=full.train_inputs[chosen], train_labels=full.train_labels[chosen]
    )


@lru_cache(maxsize=1)
def _pool(cifar10: str) -> Dataset:
    full = load_dataset(cifar10, limit=_CIFAR_POOL)

    def halve(x: Float32Array) -> Float32Array:
        n, h, w, c = x.shape
        half: Float32Array = x.reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4), np.float32)
        return half

    return replace(
        full,
        name="cifar",
        train_inputs=halve(full.train_inputs),
        test_inputs=halve(full.test_inputs[:_CIFAR_TESTING]),
        test_labels=full.test_labels[:_CIFAR_TESTING],
    )


def _words(rng: Random) -> tuple[Float32Array, npt.NDArray[np.int64]]:
    """Log spectrograms [24, 16, 1] of eight made-up words by many voices, in noise."""
    phones = len(_VOWELS) + len(_HISSES)
    words: list[tuple[int, ...]] = []
    while len(words) < _WORDS:
        word = tuple(int(p) for p in rng.permutation(phones)[:_PHONES])
        # Two words differ in two places at least, and one that only hisses is none.
        near = any(sum(a == b for a, b in zip(word, w, strict=True)) > 1 for w in words)
        if not near and min(word) < len(_VOWELS):
            words.append(word)
    labels = rng.permutation(np.arange(TRAINING + TESTING) % _WORDS)
    clips = np.stack([_speak(words[label], rng) for label in labels])
    return _spectrograms(clips), labels.astype(np.int64)


def _speak(word: tuple[int, ...], rng: Random) -> npt.NDArray[np.float64]:
    """One clip: voiced phones are harmonics under formants, the others noise in a band."""
    pitch, tract = rng.uniform(90, 240), rng.uniform(0.88, 1.14)
    lengths = rng.uniform(0.7, 1.3, len(word))
    total = rng.uniform(0.6, 0.95) * CLIP
    ends = np.cumsum(lengths / lengths.sum() * total).astype(int)
    start, clip = int(rng.integers(CLIP - ends[-1] + 1)), np.zeros(CLIP)
    before = 0
    for phone, end in zip(word, ends, strict=True):
        count = end - before
        time = np.arange(count) / RATE
        if phone < len(_VOWELS):
            glide = 1 + rng.uniform(-0.15, 0.15) * time / time[-1]
            tones = pitch * np.arange(1, int(3800 / pitch) + 1)
            height = sum(1 / (1 + ((tones - f * tract) / 90) ** 2) for f in _VOWELS[phone])
            phase = 2 * np.pi * np.outer(tones, np.cumsum(glide) / RATE)
            sound = (height + 0.01) @ np.sin(phase + rng.uniform(0, 6.28, (len(tones), 1)))
        else:
            low, high = (f * tract for f in _HISSES[phone - len(_VOWELS)])
            spectrum = np.fft.rfft(rng.normal(size=count))
            at = np.fft.rfftfreq(count, 1 / RATE)
            sound = np.fft.irfft(spectrum * ((at > low) & (at < high)), count)
        level = rng.uniform(0.6, 1.2) / (sound.std() + 1e-9)
        clip[start + before : start + end] = level * sound * np.hanning(count + 2)[1:-1] ** 0.5
        before = end
    return clip + rng.uniform(0.02, 0.35) * rng.normal(size=CLIP)


def _spectrograms(clips: npt.NDArray[np.float64]) -> Float32Array:
    """Log energy in bands of a mel scale, 0 to 1: float32 [N, frames, bands, 1]."""
    frames = clips.reshape(len(clips), -1, FRAME) * np.hanning(FRAME)
    power = np.abs(np.fft.rfft(frames, 256)) ** 2
    mel = np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    at = np.fft.rfftfreq(256, 1 / RATE)[:, None]
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    filters = np.clip(np.minimum((at - left) / (middle - left), (right - at) / (right - middle)),
                      0, None)  # fmt: skip
    bands = np.log10(power @ filters + 1e-2)
    scaled: Float32Array = np.clip((bands + 2) / 6, 0, 1).astype(np.float32)
    return scaled[..., None]


def _movements(rng: Random) -> tuple[Float32Array, npt.NDArray[np.int64]]:
    """Windows [32, 3] of an accelerometer during six movements, about -1 to 1."""
    rest = rng.normal(size=(_ACTIVITIES, _CHANNELS))
    rest *= 0.35 / np.linalg.norm(rest, axis=1, keepdims=True)
    turns = rng.permutation(np.linspace(1.0, 6.5, _ACTIVITIES))
    size = rng.uniform(0.08, 0.3, (_ACTIVITIES, 2, _CHANNELS))
    shift = rng.uniform(0, 1, (_ACTIVITIES, 2, _CHANNELS))
    count = TRAINING + TESTING
    labels = rng.permutation(np.arange(count) % _ACTIVITIES)
    time = np.arange(_SAMPLES) / _SAMPLES
    pace = rng.normal(1, 0.08, (count, 1, 1)) * turns[labels][:, None, None]
    begin = rng.random((count, 1, 1))
    windows: Any = np.repeat(rest[labels][:, None], _SAMPLES, axis=1)
    windows += rng.normal(0, 0.06, (count, 1, _CHANNELS))
    for harmonic in (0, 1):
        angle = (1 + harmonic) * (pace * time[None, :, None] + begin)
        wave = np.sin(2 * np.pi * (angle + shift[labels, harmonic][:, None]))
        windows += rng.normal(1, 0.2, (count, 1, 1)) * wave * size[labels, harmonic][:, None]
    windows = windows + rng.normal(0, 0.08, windows.shape)
    return np.clip(windows, -1, 1).astype(np.float32), labels.astype(np.int64)
