"""What might hide in weights that rounding to the nearest takes down together.

Where one scale serves a layer, slices of weights below a step lose in the mean what
grids/shrinkage.py says, honest or not, and so do the controls of every other detector. An attacker
could make slices small on purpose: they hold a backdoor down in float and vanish in int8. So
gap-inversion is asked again, beside controls whose signs are random for these weights as well: a
patch or an overlay that only their vanishing explains. Honest networks of very unequal channels
lose by it too, but then they lose answers to plain inputs. So this decides where the file keeps
those, and supports otherwise.
"""

from dataclasses import replace

import numpy as np

from qmcu.backdoor.detectors.controls import taken_weights
from qmcu.backdoor.detectors.damage import MARGINS, integer_answers
from qmcu.backdoor.detectors.gap_inversion import gap_inversion
from qmcu.backdoor.detectors.method import RANDOM_SIGNS, AuditContext, Finding, Weight, detector
from qmcu.backdoor.detectors.significance import LINE


@detector("vanishing-weights", source="qmcu", needs=("float", "int8"),
          null=RANDOM_SIGNS)  # fmt: skip
def vanishing_weights(context: AuditContext) -> Finding:
    """Inputs on which int8 leaves float by weights that are too small for their scale."""
    shares = _taken_shares(context)
    where = max(shares, key=lambda name: shares[name])
    if not shares[where]:
        reason = "no weights are below a step of their scale together."
        return Finding("vanishing-weights", 0.0, LINE, False, "supporting", reason, 1.0)
    found = gap_inversion(replace(context, holds=False, _shared={}))
    weight, said = _weigh(context) if found.suspicious else ("supporting", "")
    return Finding(
        detector="vanishing-weights",
        score=found.score,
        threshold=LINE,
        suspicious=found.suspicious,
        weight=weight,
        reason=f"rounding takes down weights below a step of their scale, most in {where}; "
        f"beside random signs of these as well, {found.reason}{said}",
        p_value=found.p_value,
        details={**{f"{name} taken": share for name, share in shares.items()}, **found.details},
    )


def _taken_shares(context: AuditContext) -> dict[str, float]:
    """By layer: what vanishes in the mean, squared, of all squared rounding errors."""
    shares = {}
    for grid, taken in zip(context.grids, taken_weights(context), strict=True):
        errors = float(np.sum((grid.residuals * grid.spread_scales) ** 2))
        shares[grid.name] = float(np.sum(taken**2)) / max(errors, 1e-24)
    return shares


def _weigh(context: AuditContext) -> tuple[Weight, str]:
    """Whether such a finding decides, and why: not where plain inputs lose their answers too."""
    if context.samples is None or not context.integer:
        return "supporting", " Without inputs it is not known whether those lose by it as well."
    changed = float(integer_answers(context)["samples"].changed.mean())
    if changed > MARGINS["samples"]:
        return "supporting", f" But {changed:.1%} of the given inputs lose by it as well."
    return "decisive", f" Only {changed:.1%} of the given inputs are answered otherwise."
