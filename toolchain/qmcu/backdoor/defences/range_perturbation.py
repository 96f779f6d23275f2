"""Scales widened a little, each channel by another random factor.

The attacker chose residuals for the grid max|w| / 127. On a slightly wider grid the same weights
lie elsewhere between grid points: nearest rounding of large weights is as good as random, of
weights near zero it stays what it was. Costs a fraction of a bit.
"""

import numpy as np

from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence


@defence("range-perturbation", source="qmcu; a baseline", settings={"spread": 0.05})
def range_perturbation(context: DefenceContext) -> DefenceResult:
    """Each channel's scale widened by a random factor of up to 1 + `spread`."""
    generator, spread = context.generator(), context.setting("spread")
    scales = tuple(
        grid.scales * generator.uniform(1 + spread / 4, 1 + spread, len(grid.scales))
        for grid in context.grids
    )
    return DefenceResult(context.network, scales=tuple(np.asarray(s, np.float64) for s in scales))
