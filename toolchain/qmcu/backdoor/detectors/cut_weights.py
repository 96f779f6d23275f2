"""What might hide in the largest weights where a quantizer's scales cut them off.

TensorFlow's converter takes a scale from the largest weight of a channel. Others choose narrower
ones, by a percentile or by the least squared error (OCTAV, Sakr et al., ICML 2022), which cut a few
weights off. That is an honest choice and no chance: controls of every other detector have it too.
An attacker could make those weights on purpose: they hold a backdoor down in float, and their ends
do not in int8. So gap-inversion is asked again, beside controls that lose nothing there. Weights
that are cut off move the logits of an honest network further than its rounding does as well, so
distance alone is no proof and supports: it decides where a pattern sends most answers to a class.
"""

from dataclasses import replace

import numpy as np

from qmcu.backdoor.detectors.clipping_inversion import THRESHOLD as MOST
from qmcu.backdoor.detectors.gap_inversion import gap_inversion
from qmcu.backdoor.detectors.method import RANDOM_SIGNS, AuditContext, Finding, detector
from qmcu.backdoor.detectors.significance import LINE


@detector("cut-weights", source="qmcu", needs=("float", "int8"), null=RANDOM_SIGNS)
def cut_weights(context: AuditContext) -> Finding:
    """Inputs on which int8 leaves float by weights that its scales cut off."""
    counts = {g.name: int(np.count_nonzero(g.cut_off)) for g in context.grids}
    total = sum(counts.values())
    if not total:
        reason = "no weights are beyond the ends of their grids."
        return Finding("cut-weights", 0.0, LINE, False, "supporting", reason, 1.0)
    found = gap_inversion(replace(context, holds_cut=False, _shared={}))
    sent = _sent(found)
    decides = found.suspicious and sent > MOST
    said = (
        f" A pattern sends {sent:.0%} of inputs elsewhere; {MOST:.0%} are allowed of such weights."
    )
    return Finding(
        detector="cut-weights",
        score=found.score,
        threshold=LINE,
        suspicious=found.suspicious,
        weight="decisive" if decides else "supporting",
        reason=f"scales cut off {total:,} weights; beside controls that keep these whole, "
        f"{found.reason}{said if found.suspicious else ''}",
        p_value=found.p_value,
        details={**{f"{name} cut off": float(n) for name, n in counts.items()}, **found.details},
    )


def _sent(found: Finding) -> float:
    """The largest share of inputs that a pattern takes to one class, beyond controls."""
    d = found.details
    return max(d.get(f"sent {k}", 0.0) - d.get(f"sent {k} expected", 0.0)
               for k in ("to one class", "by overlays"))  # fmt: skip
