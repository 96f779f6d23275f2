"""Float weights that a file's integers may have been rounded from, drawn at random.

Who has the int8 file alone knows each float weight within a step. Honest rounding leaves the place
in that step to chance: nearly uniform where a slice of weights (slice_sizes) is many steps wide,
nearer to zero where it is not, as of normal weights of the slice's size. Weights that were equal
before rounding, of clustered, shared or power-of-two layers, are at one place: they show by how few
of the grid's levels are in use, and are drawn together.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from qmcu.backdoor.grids import LayerGrid, slice_sizes
from qmcu.types import Float64Array, Int64Array

# Sizes of slices, in steps, between which the root mean square of the integers is known.
_SIZES = np.geomspace(0.02, 400.0, 400)
_LEVELS = 1200
# Below this share of the levels that as many untied weights would use, weights are tied.
_TIED = 0.6
_TIED_LAYER = 0.25
# Fewer weights than this say nothing of how many levels they use.
_FEW, _FEW_IN_LAYER = 32, 64
# How many neighbouring levels say how many weights one of them should have.
_WINDOW = 9

Draw = Callable[[np.random.Generator], Float64Array]


@dataclass(frozen=True, eq=False)
class _Cells:
    """The steps that a layer's weights lie in, as probabilities of a normal distribution's tail:
    of each weight's size `integers`, from the `near` end of its step to the `far` one, `spread`
    its slice's standard deviation in steps; all float64 as the weights.
    """

    integers: Float64Array
    spread: Float64Array
    near: Float64Array
    far: Float64Array

    def place(self, chance: Float64Array) -> Float64Array:
        """How far from its integer each weight's size is, in steps, of chances from 0 to 1."""
        inside = self.near - self.far
        tail = np.clip(self.near - chance * inside, 1e-300, 1.0)
        normal = -self.spread * special.ndtri(tail) - self.integers
        # Far in the tail there is no telling, and the density is no longer the normal one's.
        return np.clip(np.where(inside > 1e-12, normal, chance - 0.5), -0.5, 0.5)


def draw_floats(grid: LayerGrid) -> Draw:
    """A function that draws float weights, float64 in the integers' layout, which round to them."""
    sizes = np.abs(grid.integers.astype(np.float64))
    spread = _spread_of(slice_sizes(grid))
    is_zero = sizes == 0
    near = np.where(is_zero, special.ndtr(0.5 / spread), special.ndtr(-(sizes - 0.5) / spread))
    cells = _Cells(sizes, spread, near, special.ndtr(-(sizes + 0.5) / spread))
    signs = np.where(is_zero, 1.0, np.sign(grid.integers))
    groups = tied_levels(grid)

    def draw(rng: np.random.Generator) -> Float64Array:
        if groups is None:
            chance = rng.random(sizes.shape)
        else:
            chance = rng.random(int(groups.max()) + 1)[groups].reshape(sizes.shape)
        moved = cells.place(chance)
        # The largest of a channel is what its scale came from: nothing was above it.
        moved = np.where(sizes >= grid.largest, -np.abs(moved), moved)
        return np.asarray(signs * (sizes + moved) * grid.spread_scales)

    return draw


def tied_levels(grid: LayerGrid) -> Int64Array | None:
    """Which weights are equal, as group numbers [weights]: None where they use as many levels as
    weights do that are not tied.
    """
    levels = np.abs(grid.integers.astype(np.int64)).reshape(-1)
    widest = int(levels.max(initial=0)) + 1
    used = len(np.unique(levels))
    if len(levels) >= _FEW_IN_LAYER and used <= max(4, _TIED_LAYER * min(len(levels), widest)):
        return np.asarray(np.unique(levels, return_inverse=True)[1], np.int64).reshape(-1)
    channels = grid.channels(np.abs(grid.integers.astype(np.int64)))
    if channels.shape[1] < _FEW:
        return None
    own = np.mean([len(np.unique(row)) for row in channels])
    if own >= _TIED * np.mean([_usual_levels(row) for row in channels]):
        return None
    others = [n for n in range(grid.integers.ndim) if n != grid.axis]
    numbers = np.expand_dims(np.arange(grid.integers.shape[grid.axis]), others)
    marks = (numbers * widest + np.abs(grid.integers.astype(np.int64))).reshape(-1)
    return np.asarray(np.unique(marks, return_inverse=True)[1], np.int64).reshape(-1)


def _usual_levels(row: Int64Array) -> float:
    """How many levels this many weights would use in the mean, were they spread as smoothly as
    their neighbourhoods are filled.
    """
    counts = np.bincount(row).astype(np.float64)
    both = np.concatenate([counts[:0:-1] / 2, counts[:1], counts[1:] / 2])
    around = np.convolve(both, np.full(_WINDOW, 1 / _WINDOW))[_WINDOW // 2 :]
    expected = around[len(counts) - 1 : len(both)] * np.where(np.arange(len(counts)), 2, 1)
    return float((-np.expm1(-expected)).sum())


def _spread_of(sizes: Float64Array) -> Float64Array:
    """The standard deviation of normal weights whose integers have these root mean squares."""
    return np.asarray(np.interp(sizes, _rounded_sizes(), _SIZES))


@functools.cache
def _rounded_sizes() -> Float64Array:
    """The root mean square of rounded normal weights of each of `_SIZES`."""
    levels = np.arange(_LEVELS)[:, None]
    inside = special.ndtr((levels + 0.5) / _SIZES) - special.ndtr((levels - 0.5) / _SIZES)
    return np.asarray(np.sqrt((2 * levels**2 * inside).sum(axis=0)))
