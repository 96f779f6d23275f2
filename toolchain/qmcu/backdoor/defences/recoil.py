"""A small step back from the quantizer's change, rounded on grids moved by equalization.

Our own. The weights move by `beyond` (W - Q(W)), a fraction of QVec's step: against what plain
quantization would do, just past the float model. What is left of a backdoor in float goes too;
honest rounding errors have no direction, so accuracy hardly notices. Then as `equalization`.
"""

from qmcu.backdoor.defences.equalization import SETTINGS, equalize
from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence


@defence("recoil", source="qmcu; after QVec, 2026, and Nagel et al., ICCV 2019",
         settings={"beyond": 0.07, **SETTINGS})  # fmt: skip
def recoil(context: DefenceContext) -> DefenceResult:
    """As equalization, from a step past the float weights, away from the nearest integers."""
    beyond = context.setting("beyond")
    return equalize(
        context,
        [g.weights - beyond * (g.nearest * g.spread_scales - g.weights) for g in context.grids],
    )
