"""A small step back from the quantizer's change, on grids where the attacker did not lay it.

Our own. The float network stays the same function all along; nothing is trained.

1. The weights move by `beyond` (W - Q(W)), a fraction of QVec's step: against what plain
   quantization would do, just past the float model. What is left of a backdoor in float goes too;
   honest rounding errors have no direction, so accuracy hardly notices.
2. Cross-layer equalization (backdoor/equalization.py) levels the channels' activation ranges, each
   with a little chance, so that nobody can foresee the grids. Every weight that reads an equalized
   channel lies elsewhere between grid points now and is rounded to nearest there: no noise, and
   activations have a finer grid, which gives back the accuracy that wide ranges cost.
3. Layers that no equalization moves (the first; depthwise ones; behind ReLU6) get scales that are
   widened by chance instead. Small weights lie there where they lay before, within half a step;
   they are rounded by chance, or they would keep the attacker's choice.

With the ranges of `wide` (defences/method.py) this leaves no rounding, no clipping to wake up by.
"""

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence
from qmcu.backdoor.equalization import channel_groups, moved_layers, range_factors, rescaled
from qmcu.backdoor.lattice import LayerGrid, nearest

FloatArray = npt.NDArray[np.float64]
Int8Array = npt.NDArray[np.int8]
_FAR = 0.5  # steps


@defence("recoil", source="qmcu; after QVec, 2026, and Nagel et al., ICCV 2019",
         settings={"beyond": 0.07, "spread": 0.05, "jitter": 0.1, "most": 16.0})  # fmt: skip
def recoil(context: DefenceContext) -> DefenceResult:
    """A step past the float weights, rounded on grids moved by equalization or by chance."""
    network, grids, generator = context.network, context.grids, context.generator()
    spread, jitter = context.setting("spread"), context.setting("jitter")
    groups = channel_groups(network)
    factors = [
        e * generator.uniform(1, 1 + jitter, len(e))
        for e in range_factors(network, groups, context.calibration, most=context.setting("most"))
    ]
    stepped = network.with_parameters(
        [_stepped(g, context.setting("beyond")) for g in grids], network.biases
    )
    reference, wanted = (rescaled(n, groups, factors) for n in (network, stepped))
    integers, scales = [], []
    for k, moved in enumerate(moved_layers(network, groups)):
        largest = grids[k].largest
        scale = context.grid.scales(reference.weights[k], grids[k].axis)
        if not moved:
            scale = scale * generator.uniform(1 + spread / 4, 1 + spread, len(scale))
        scale = scale.astype(np.float32).astype(np.float64)
        positions = wanted.weights[k] / scale.reshape(grids[k].spread_scales.shape)
        distance = np.full(positions.shape, np.inf) if moved else grids[k].positions - positions
        integers.append(_rounded(generator, positions, np.abs(distance), largest))
        scales.append(scale)
    return DefenceResult(reference, tuple(integers), tuple(scales), rescaled=True)


def _stepped(grid: LayerGrid, beyond: float) -> FloatArray:
    return np.asarray(grid.weights - beyond * (grid.nearest * grid.spread_scales - grid.weights))


def _rounded(
    generator: np.random.Generator, positions: FloatArray, moved: FloatArray, largest: int
) -> Int8Array:
    """Nearest where the grid moved under a weight, else up with the chance of the fraction."""
    chance = np.floor(positions + generator.random(positions.shape))
    chosen = np.where(moved > _FAR, nearest(positions, largest), chance)
    return np.asarray(np.clip(chosen, -largest, largest), np.int8)
