"""Rounding to nearest after adding triangular noise.

Non-subtractive dither: Wannamaker et al., "A Theory of Nonsubtractive Dither", IEEE Trans. Signal
Processing 2000. Triangular noise of two steps makes mean and variance of the error independent of
where the weight lies: what an attacker put between grid points is gone, at the price of more noise
than stochastic rounding has.
"""

from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence
from qmcu.backdoor.grids import round_to_nearest


@defence("dithered", source="Wannamaker et al., IEEE TSP 2000", settings={"width": 1.0})
def dithered(context: DefenceContext) -> DefenceResult:
    """Nearest after triangular noise of up to `width` steps to either side."""
    generator, width = context.generator(), context.setting("width")
    integers = tuple(
        round_to_nearest(
            p + width * (generator.random(p.shape) - generator.random(p.shape)),
            context.grid.largest,
        )
        for p in (grid.positions for grid in context.grids)
    )
    return DefenceResult(context.network, integers)
