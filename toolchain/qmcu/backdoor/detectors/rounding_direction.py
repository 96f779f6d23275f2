"""Are the rounding errors aligned? The detector that does not look at their sizes.

Honest rounding errors have random signs: they move the logits no further than the same errors
with other signs would. Errors that carry a backdoor push together. An attacker may shape the
sizes of residuals as he likes; that they act together is what makes the backdoor.
"""

import numpy as np

from qmcu.backdoor.detectors.changes import changes
from qmcu.backdoor.detectors.method import RANDOM_SIGNS, AuditContext, Finding, detector
from qmcu.backdoor.detectors.significance import ALPHA, LINE, bonferroni, compare, strength

# How many times the controls' change is material (docs/DETECTORS.md).
FACTOR = 2.0


@detector("rounding-direction", source="qmcu", needs=("float", "int8"),
          null=RANDOM_SIGNS)  # fmt: skip
def rounding_direction(context: AuditContext) -> Finding:
    """Rounding errors that move the logits further than the same errors with random signs."""
    comparisons = {}
    for kind, seen in changes(context).items():
        sizes = np.sqrt(np.mean(seen.logits**2, axis=(1, 2)))
        comparisons[kind] = compare(float(sizes[0]), sizes[1:])
    scores = {k: strength(p, len(comparisons), FACTOR) for k, p in comparisons.items()}
    kind = max(scores, key=lambda name: scores[name])
    score, place = scores[kind], comparisons[kind]
    suspicious = score > LINE
    verb = "push together" if suspicious else "have no common direction"
    return Finding(
        detector="rounding-direction",
        score=score,
        threshold=LINE,
        suspicious=suspicious,
        weight="decisive",
        reason=f"the weights' rounding errors {verb}: on {kind} inputs they move the logits "
        f"{place.ratio:.1f} times as far as with random signs (p = {place.p_value:.1g} of "
        f"{place.draws} controls, times {len(scores)} kinds of inputs; {ALPHA} is the line).",
        p_value=bonferroni([f.p_value for f in comparisons.values()]),
        details={
            **{name: one.z for name, one in comparisons.items()},
            **{f"{name} ratio": one.ratio for name, one in comparisons.items()},
            **{f"{name} rank p": one.rank_p for name, one in comparisons.items()},
        },
    )
