"""Where integers alone might send answers to one class: faint additions over whole inputs, bred.

A trigger may lie over the whole input: stripes, a hum, a gradient, no value of it changed by much.
What it wakes can be the rounding of activations, which has no gradient, and a blend with values at
random hardly meets it. So blocks, stripes and waves are drawn, added to inputs, and bred as patches
are (bred_search.py): the best are added to each other, joined where the one is dark and the other
is not, and get new values in a band. Only inferences are needed.
"""

from dataclasses import dataclass

import numpy as np

from qmcu.backdoor.detectors.bred_search import FIRST, Bred, BredSearch
from qmcu.backdoor.detectors.dealt_inputs import Dealt
from qmcu.backdoor.detectors.drawn_patterns import draw_blocks, draw_stripes, draw_waves
from qmcu.backdoor.detectors.float_and_int8 import FloatAndInt8
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.overshoot_search import Found
from qmcu.types import Array, Float32Array, Int64Array

INPUTS = 12  # that a pattern is put to: one that lies over all of an input fits few of them easily
DRAWN, GENERATIONS, CHILDREN = 1365, 24, 20  # of a size; see bred_search.py
# What is added at most, of the range of inputs.
SIZES = (0.1, 0.2, 0.3)
_RESIZED = 0.2  # of the children


@dataclass(frozen=True, eq=False)
class Overlay(Found):
    """A pattern that is added: `values` float32 [1, ...], kept within `low` to `high`."""

    low: float = 0.0
    high: float = 1.0

    def apply(self, inputs: Float32Array) -> Float32Array:
        """See Found."""
        return np.asarray(np.clip(inputs + self.values, self.low, self.high), np.float32)


class BredOverlays(BredSearch):
    """The breeding on one audit's network, in both its forms; a pattern's place is its size."""

    inputs, drawn, generations, children = INPUTS, DRAWN, GENERATIONS, CHILDREN
    of_place = BredSearch.parents
    share = 0.5

    def __init__(self, context: AuditContext, forms: FloatAndInt8, dealt: Dealt) -> None:
        super().__init__(context, forms, dealt, salt=43)

    def _regions(self, shape: tuple[int, ...]) -> Float32Array:
        sizes = np.array(SIZES, np.float32).reshape(-1, *[1] * len(shape))
        return np.broadcast_to(sizes, (len(SIZES), *shape))

    def _draw(self, count: int) -> Bred:
        values = self._new(count * len(SIZES))
        return self._judge(values, self._rng.integers(0, len(SIZES), len(values)), FIRST)

    def _breed(self, parents: Bred, count: int) -> Bred:
        own = np.repeat(parents.values, count, axis=0)
        places = np.repeat(parents.places, count)
        resized = self._rng.random(len(own)) < _RESIZED
        places = np.where(resized, self._rng.integers(0, len(SIZES), len(own)), places)
        new, other = self._new(len(own)), own[self._rng.permutation(len(own))]
        share = self._rng.choice([0.3, 0.6, 1.0], (len(own), *[1] * (own.ndim - 1)))
        kinds = [
            own + share * new,
            np.where(self._bands(own.shape), new, own),
            share * own + (1 - share) * other,
            np.where(new > 0, own, other),
        ]
        chosen = np.arange(len(own)) % len(kinds)
        values = np.clip(np.choose(chosen.reshape(-1, *[1] * (own.ndim - 1)), kinds), -1, 1)
        return self._judge(values.astype(np.float32), places)

    def _new(self, count: int) -> Float32Array:
        """Patterns -1 to 1, [count, 1, ...]: blocks, stripes and waves, a third each."""
        rng, shape = self._rng, self._inputs.shape[1:]
        parts = np.diff(np.linspace(0, count, 4).astype(int))
        drawn = [
            draw_blocks(rng, int(parts[0]), shape, 3),
            draw_stripes(rng, int(parts[1]), shape),
            draw_waves(rng, int(parts[2]), shape),
        ]
        values = rng.permutation(2 * np.concatenate(drawn) - 1)
        return np.asarray(values[:, None], np.float32)

    def _bands(self, shape: tuple[int, ...]) -> Array:
        """For each pattern a band across one axis, a quarter of it at most: bool [G, 1, ...]."""
        count, sides = shape[0], shape[2:-1] or shape[2:]
        which = self._rng.integers(0, len(sides), count)
        bands = np.zeros((count, 1, *[1] * (len(shape) - 2)), np.bool_)
        for axis, side in enumerate(sides):
            begin = self._rng.integers(0, side, count)
            wide = 1 + self._rng.integers(0, max(1, side // 4), count)
            rows = np.arange(side)
            inside = (rows >= begin[:, None]) & (rows < (begin + wide)[:, None])
            inside &= (which == axis)[:, None]
            along = [count, *[1] * (len(shape) - 1)]
            along[2 + axis] = side
            bands = bands | inside.reshape(along)
        return bands

    def _mark(self, inputs: Float32Array, values: Float32Array, places: Int64Array) -> Float32Array:
        added = self._masks[places][:, None] * values * (self._high - self._low)
        return np.asarray(np.clip(inputs[None] + added, self._low, self._high), np.float32)

    def _found(self, bred: Bred, awake: float) -> Found:
        size = SIZES[int(bred.places[0])]
        values = size * (self._high - self._low) * bred.values[0]
        place = f"addition of {size:.0%}"
        return Overlay(place, np.ones_like(values[0]), values, awake, self._low, self._high)
