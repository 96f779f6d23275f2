"""Rounding by chance: up with the probability of the fraction. The simplest that can work.

Stochastic rounding: Gupta et al., "Deep Learning with Limited Numerical Precision", ICML 2015. The
expected weight is the float weight, so whatever rounding to nearest does as a whole is undone up to
noise. Against quantization-conditioned backdoors it is a baseline of the EFRAP paper.
"""

import numpy as np

from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence


@defence("stochastic", source="Gupta et al., ICML 2015")
def stochastic(context: DefenceContext) -> DefenceResult:
    """Each weight rounded up with the probability of its fraction."""
    generator = context.generator()
    largest = context.grid.largest
    integers = tuple(
        np.asarray(np.clip(np.floor(p + generator.random(p.shape)), -largest, largest), np.int8)
        for p in (grid.positions for grid in context.grids)
    )
    return DefenceResult(context.network, integers)
