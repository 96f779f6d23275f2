"""Nearest rounding on grids that cross-layer equalization has moved.

After Nagel et al., ICCV 2019 (backdoor/equalization.py), as a defence our own. Nothing is trained,
the float network stays the same function.

1. Equalization levels the channels' activation ranges, each with a little chance, so that nobody
   can foresee the grids. Every weight that reads an equalized channel lies elsewhere between grid
   points now and is rounded to nearest there: no noise, and activations have a finer grid, which
   gives back the accuracy that wide ranges cost.
2. Layers that no equalization moves (the first; depthwise ones; behind ReLU6) get scales that are
   widened by chance instead. Small weights lie there where they lay before, within half a step;
   they are rounded by chance, or they would keep the attacker's choice.

Ranges that hold what ascent finds (grids/reach.py) leave no clipping to wake up by.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence
from qmcu.backdoor.grids import (
    channel_groups,
    moved_layers,
    range_factors,
    rescale,
    rescale_limits,
    round_to_nearest,
    spread,
)
from qmcu.types import Float64Array, Int8Array

SETTINGS = {"spread": 0.05, "jitter": 0.1, "most": 16.0}
_FAR = 0.5  # steps


@defence("equalization", source="after Nagel et al., ICCV 2019", settings=SETTINGS)
def equalization(context: DefenceContext) -> DefenceResult:
    """Rounded to nearest on grids moved by cross-layer equalization, or by chance."""
    return equalize(context, context.network.weights)


def equalize(context: DefenceContext, weights: Sequence[npt.NDArray[np.floating]]) -> DefenceResult:
    """`weights`, the network's or near them, on the moved grids of the network's own weights."""
    network, grids, generator = context.network, context.grids, context.generator()
    widest, jitter = context.setting("spread"), context.setting("jitter")
    groups = channel_groups(network)
    factors = [
        e * generator.uniform(1, 1 + jitter, len(e))
        for e in range_factors(
            network,
            groups,
            context.calibration,
            most=context.setting("most"),
            limits=context.limits,
        )
    ]
    limits = rescale_limits(network, groups, factors, context.calibration, context.limits)
    near = network.with_parameters(weights, network.biases)
    reference, wanted = (rescale(n, groups, factors) for n in (network, near))
    integers, scales = [], []
    for k, moved in enumerate(moved_layers(network, groups)):
        grid = grids[k]
        scale = context.grid.scales(reference.weights[k], grid.axis)
        if not moved:
            scale = scale * generator.uniform(1 + widest / 4, 1 + widest, len(scale))
        scale = scale.astype(np.float32).astype(np.float64)
        positions = wanted.weights[k] / spread(scale, grid.weights.ndim, grid.axis)
        distance = np.full(positions.shape, np.inf) if moved else grid.positions - positions
        integers.append(_round(generator, positions, np.abs(distance), grid.largest))
        scales.append(scale)
    return DefenceResult(reference, tuple(integers), tuple(scales), rescaled=True, limits=limits)


def _round(
    generator: np.random.Generator, positions: Float64Array, moved: Float64Array, largest: int
) -> Int8Array:
    """Nearest where the grid moved under a weight, else up with the chance of the fraction."""
    chance = np.floor(positions + generator.random(positions.shape))
    chosen = np.where(moved > _FAR, round_to_nearest(positions, largest), chance)
    return np.asarray(np.clip(chosen, -largest, largest), np.int8)
