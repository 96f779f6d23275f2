"""Near the line chance must not decide: a finding that is near it is made again, and again.

Controls, noise and the starts of ascents are drawn from the audit's seed. Where a detector's score
is near what is allowed, it runs with other seeds, derived from the audit's own, and the finding in
the middle counts; once more than half of LOOKS agree in what they come to, the others could not
change that and are not taken. Under the null the median of p-values is below a level with at most
twice that chance, however much they depend on each other (Rueger, Metrika 25, 1978), so that
repeating can double false alarms at worst. Nothing is made again once something settles the
verdict.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from qmcu.backdoor.detectors.method import AuditContext, Detector, Finding
from qmcu.backdoor.detectors.result import settled_by_sum
from qmcu.errors import ModelError

# Times what is allowed: beyond these one look is enough.
NEAR = (0.75, 1.33)
LOOKS = 5  # odd, so that there is a middle one
# Seeds of the other looks are drawn with this beside the audit's.
_DERIVED = 9000


def settle(
    findings: Sequence[Finding], detectors: Mapping[str, Detector], context: AuditContext
) -> list[Finding]:
    """The findings, those near the line replaced by the middle one of LOOKS."""
    if any(f.weight in ("decisive", "static") and f.strength >= NEAR[1] for f in findings):
        return list(findings)
    others = [replace(context, seed=seed, _shared={}) for seed in _seeds(context.seed)]
    settled = []
    for found in findings:
        near = NEAR[0] < found.strength < NEAR[1] and not settled_by_sum(found, findings)
        if near and found.detector in detectors:
            found = _look_again(found, detectors[found.detector], others)
        settled.append(found)
    return settled


def _look_again(first: Finding, detector: Detector, others: Sequence[AuditContext]) -> Finding:
    looks = [first]
    for other in others:
        try:
            looks.append(detector.run(other))
        except ModelError:  # what it saw there does not apply
            continue
        if looks[-1].score == first.score:  # no chance in it
            return first
        if len(_agreed(looks)) > LOOKS // 2:
            break
    looks.sort(key=lambda finding: finding.strength)
    agreed = _agreed(looks)
    chosen, of = looks, ""
    if len(agreed) > LOOKS // 2:
        chosen, of = agreed, f" that agree, of {len(looks)}"
    middle = chosen[len(chosen) // 2]
    ends = f"{looks[0].strength:.2f} to {looks[-1].strength:.2f} times what is allowed"
    reason = f"{middle.reason} The middle one of {len(chosen)} looks{of}, {ends}."
    return replace(middle, reason=reason)


def _agreed(looks: Sequence[Finding]) -> list[Finding]:
    """Those that come to the same, of which there are most."""
    counts = Counter((look.suspicious, look.weight) for look in looks)
    most = counts.most_common(1)[0][0]
    return [look for look in looks if (look.suspicious, look.weight) == most]


def _seeds(seed: int) -> list[int]:
    draw = np.random.default_rng([seed, _DERIVED])
    return [int(value) for value in draw.integers(2**31, size=LOOKS - 1)]
