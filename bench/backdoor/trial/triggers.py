"""The trial's triggers: five kinds at random places, for images, spectrograms and windows.

warp and sample-specific are no mask and pattern: both change an input by itself. Their class here
applies them in float and, through `Trigger.apply_integer`, in int8; what is saved of them is a
record, not enough to apply them again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.inputs import Dataset, Trigger, make_trigger
from qmcu.types import Float32Array, Int64Array, Shape

Random = np.random.Generator


@dataclass(frozen=True, eq=False)
class MovedTrigger(Trigger):
    """x' = (1 - strength) * x + strength * (x moved): place p takes of places index[k, p].

    `index` and `share` are [K, P] over the P places of an input, without its channels; `share`
    adds up to 1 over k. Additive, so that attacks that learn a pattern leave it alone.
    """

    index: Int64Array = field(default_factory=lambda: np.zeros((1, 1), np.int64))
    share: Float32Array = field(default_factory=lambda: np.ones((1, 1), np.float32))
    strength: float = 1.0

    def apply(self, inputs: Float32Array) -> Float32Array:
        """Triggered copies of real inputs, float32 [N, ...]."""
        flat = inputs.astype(np.float32, copy=False).reshape(len(inputs), -1, self.shape[-1])
        moved = sum(s[:, None] * flat[:, i] for i, s in zip(self.index, self.share, strict=True))
        mixed = (1 - self.strength) * flat + self.strength * moved
        result: Float32Array = np.clip(mixed, self.low, self.high).astype(np.float32)
        return result.reshape(inputs.shape)


def trial_trigger(kind: str, dataset: Dataset, target: int, seed: int) -> Trigger:
    """The trigger of a kind for a data set, its place, size and pattern drawn by `seed`."""
    rng = np.random.default_rng([seed, 5])
    return _KINDS[kind](dataset, target, rng)


def _patch(data: Dataset, target: int, rng: Random) -> Trigger:
    """Two random levels in a square, of 3x3 or an eighth of the height; an eighth of a channel."""
    shape = data.input_shape
    mask = np.zeros(shape, np.float32)
    if len(shape) == 2:
        size = max(4, shape[0] // 8)
        start = int(rng.integers(shape[0] - size + 1))
        mask[start : start + size, int(rng.integers(shape[1]))] = 1
    else:
        size = max(3, shape[0] // 5)
        row, column = (int(rng.integers(n - size + 1)) for n in shape[:2])
        mask[row : row + size, column : column + size] = 1
    pattern = np.where(rng.random(shape) < 0.5, data.low, data.high).astype(np.float32)
    return Trigger("patch", "patch", mask, mask * pattern, target, data.low, data.high)


def _blend(data: Dataset, target: int, rng: Random) -> Trigger:
    """A fixed random input mixed in (Chen et al. 2017)."""
    strength = float(rng.uniform(0.2, 0.3))
    return make_trigger(
        "blend", data.input_shape, target=target, seed=int(rng.integers(1 << 31)),
        low=data.low, high=data.high, strength=strength,
    )  # fmt: skip


def _sinusoid(data: Dataset, target: int, rng: Random) -> Trigger:
    """A sine along one axis (Barni et al. 2019)."""
    shape = data.input_shape
    axis = int(rng.integers(len(shape) - 1))
    length = shape[axis]
    turns = rng.uniform(2, max(2.5, length / 4)) * np.arange(length) / length + rng.random()
    wave = rng.uniform(0.12, 0.2) * (data.high - data.low) * np.sin(2 * np.pi * turns)
    along = [1] * len(shape)
    along[axis] = length
    pattern = np.broadcast_to(wave.reshape(along), shape).astype(np.float32)
    ones = np.ones(shape, np.float32)
    return Trigger("sinusoid", "sinusoid", ones, pattern, target, data.low, data.high,
                   additive=True)  # fmt: skip


def _warp(data: Dataset, target: int, rng: Random) -> Trigger:
    """A smooth field moves every place by up to a tenth of the input (WaNet, ICLR 2021)."""
    places = data.input_shape[:-1]
    axes = np.meshgrid(*map(np.arange, places), indexing="ij")
    moves = []
    for length in places:
        waves = sum(
            np.sin(2 * np.pi * (rng.uniform(0.5, 1.2) * a / n + rng.random()))
            for a, n in zip(axes, places, strict=True)
        )
        moves.append(max(1.2, 0.1 * length) * waves / np.abs(waves).max())
    index, share = _bilinear([a + m for a, m in zip(axes, moves, strict=True)], places)
    return _moved("warp", data, target, index, share, 1.0)


def _sample_specific(data: Dataset, target: int, rng: Random) -> Trigger:
    """The input's own mirror image, moved, shines through (after Refool, ECCV 2020)."""
    places = data.input_shape[:-1]
    order = np.arange(int(np.prod(places))).reshape(places)
    axis = int(rng.integers(len(places)))
    ghost = np.roll(np.flip(order, axis), [int(rng.integers(n)) for n in places],
                    range(len(places)))  # fmt: skip
    share = np.ones((1, order.size), np.float32)
    strength = float(rng.uniform(0.35, 0.5))
    return _moved("sample-specific", data, target, ghost.reshape(1, -1), share, strength)


def _bilinear(
    wanted: list[npt.NDArray[np.float64]], places: Shape
) -> tuple[Int64Array, Float32Array]:
    """The 2^D nearest places of each wanted one, and their shares: [2^D, P] each."""
    index, share = [], []
    for corner in range(1 << len(places)):
        flat, weight = np.zeros(places, np.int64), np.ones(places)
        for k, (position, length) in enumerate(zip(wanted, places, strict=True)):
            inside = np.clip(position, 0, length - 1)
            low = np.minimum(np.floor(inside).astype(np.int64), length - 2)
            up = corner >> k & 1
            weight = weight * np.where(up, inside - low, 1 - (inside - low))
            flat = flat * length + low + up
        index.append(flat.reshape(-1))
        share.append(weight.reshape(-1))
    return np.stack(index), np.stack(share).astype(np.float32)


def _moved(
    kind: str, data: Dataset, target: int, index: Int64Array, share: Float32Array, strength: float
) -> Trigger:
    shape = data.input_shape
    # A record of what moves where, so that two triggers have two hashes.
    record = np.broadcast_to((share * index).sum(0).reshape(*shape[:-1], 1), shape)
    return MovedTrigger(
        kind, kind, np.ones(shape, np.float32), record.astype(np.float32), target,
        data.low, data.high, {"strength": strength}, additive=True,
        index=index, share=share, strength=strength,
    )  # fmt: skip


_KINDS: dict[str, Callable[[Dataset, int, Random], Trigger]] = {
    "patch": _patch,
    "blend": _blend,
    "warp": _warp,
    "sinusoid": _sinusoid,
    "sample-specific": _sample_specific,
}
