"""A small step back from the quantizer's change, rounded where the attacker cannot foresee it.

Our own. Three things at once, none of which needs training:

1. The weights move by `beyond` (W - Q(W)), a fraction of QVec's step: against what plain
   quantization would do, just past the float model. What is left of a backdoor in float goes too;
   honest rounding errors have no direction, so accuracy hardly notices.
2. Every channel's scale is widened by a random factor, so that large weights lie elsewhere between
   grid points and round to nearest there, with little noise.
3. Small weights lie on the wider grid where they lay before, within half a step. They are rounded
   by chance, or they would keep the attacker's choice.

With the ranges of `wide` (defences/method.py) this leaves no rounding, no clipping to wake up by.
"""

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence
from qmcu.backdoor.lattice import nearest

FloatArray = npt.NDArray[np.float64]
_FAR = 0.5  # steps


@defence("recoil", source="qmcu; after QVec, 2026", settings={"beyond": 0.15, "spread": 0.05})
def recoil(context: DefenceContext) -> DefenceResult:
    """A step past the float weights, on a wider grid; by chance where that grid is the same."""
    generator = context.generator()
    beyond, spread = context.setting("beyond"), context.setting("spread")
    integers, scales = [], []
    for grid in context.grids:
        factors = generator.uniform(1 + spread / 4, 1 + spread, len(grid.scales))
        scale = (grid.scales * factors).astype(np.float32).astype(np.float64)
        error = grid.nearest * grid.spread_scales - grid.weights
        # The largest weight of a channel may move past the end of the old grid, not of the new.
        positions = (grid.weights - beyond * error) / scale.reshape(grid.spread_scales.shape)
        integers.append(
            _rounded(generator, positions, np.abs(grid.positions - positions), grid.largest)
        )
        scales.append(scale)
    return DefenceResult(context.network, tuple(integers), tuple(scales))


def _rounded(
    generator: np.random.Generator, positions: FloatArray, moved: FloatArray, largest: int
) -> npt.NDArray[np.int8]:
    """Nearest where the grid moved under a weight, else up with the chance of the fraction."""
    chance = np.floor(positions + generator.random(positions.shape))
    chosen = np.where(moved > _FAR, nearest(positions, largest), chance)
    return np.asarray(np.clip(chosen, -largest, largest), np.int8)
