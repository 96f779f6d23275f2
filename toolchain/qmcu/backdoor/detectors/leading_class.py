"""Is there one class that leads in everything? By the int8 file alone.

Six probes (class_probes.py) say how far each class is ahead: in the margin that inputs can be
driven to, on noise and on inputs of other classes under random overlays, in the last layer's
weights. In an honest network one class leads here and another there; a backdoor's target leads in
most of them. So what a probe says of a class is how rare it would be as one more draw of the other
classes (Student's t: with few classes it takes more deviations to be as rare), as a deviation of a
normal distribution, CAP at most. The probes of a kind count by their mean, and the evidence against
a class is the root mean square, over three kinds, of what is above zero: the statistic of a
one-sided test of several means (Kudo, Biometrika 1963). The kinds depend on each other and no
trained network is exchangeable in its classes, so its distribution is not used: what is allowed was
set on honest networks only (docs/DETECTORS.md), and is more than one kind alone can give.

Of searches for a trigger only that for a small patch (shared_patterns.py) is evidence as well, for
its own class, CAP where it reaches twice as far as is allowed there: ordinary backdoors of patches
may lean little without them. A class that leads and that a patch reaches CONFIRMED times as far as
is allowed is found by two ways that know nothing of each other, which is decisive. Shared overlays,
waves and warps were tried and part attacked from honest networks less well than random ones.
"""

import math
from collections.abc import Mapping

import numpy as np
from scipy import stats

from qmcu.backdoor.detectors.class_probes import probe_classes
from qmcu.backdoor.detectors.method import AuditContext, Finding, Weight, detector
from qmcu.backdoor.detectors.shared_patterns import grade, measure
from qmcu.errors import ModelError
from qmcu.types import Float64Array

# The kinds of probes.
KINDS = {
    "margins that inputs can be driven to": ("margin", "smooth margin"),
    "noise and random overlays": ("faint", "strong", "noise"),
    "weights of the last layer": ("weights",),
}
# No probe counts for more, so that one kind alone gives CAP / sqrt(3), 1.73, at most.
CAP = 3.0
ALLOWED = 2.0
# Times that: no honest network came near.
DECISIVE = 1.125
# A patch that reaches this many times as far as is allowed is CAP.
PATCH_MOST = 2.0
# And this many makes a lead that is only suspicious certain.
CONFIRMED = 1.75
_PATCH = "a small patch"
# Rarer than this is not computed.
_RAREST = 1e-12


def deviates(heights: Float64Array) -> Float64Array:
    """How rare each class's number is as one more draw of the other classes, float64 [classes], in
    deviations of a normal distribution.
    """
    found = []
    for k, height in enumerate(heights):
        others = np.delete(heights, k)
        spread = float(others.std(ddof=1)) * math.sqrt(1 + 1 / len(others))
        rare = stats.t.sf((height - others.mean()) / max(spread, 1e-9), len(others) - 1)
        found.append(stats.norm.isf(np.clip(rare, _RAREST, 1 - _RAREST)))
    return np.array(found, np.float64)


@detector(
    "leading-class",
    source="qmcu; after MM-BD, S&P 2024, FreeEagle, USENIX Security 2023, and Trojan Signatures, "
    "ICCVW 2021",
    needs=("int8", "classes"),
    slow=True,
    alone=True,
)
def leading_class(context: AuditContext) -> Finding:
    """A class that leads the others wherever one looks: margins, noise, overlays, weights."""
    each = {name: deviates(heights) for name, heights in probe_classes(context).items()}
    kinds = {**by_kind(each), **patch_evidence(context)}
    evidence = weigh(kinds)
    target = int(evidence.argmax())
    score = float(evidence[target]) / ALLOWED
    confirmed = score > 1 and patch_reach(kinds, target) >= CONFIRMED
    certain = score > DECISIVE
    weight: Weight = "decisive" if certain or confirmed else "supporting"
    grounds = f", no honest network came to {ALLOWED * DECISIVE:.2f}" if certain else ""
    grounds += ", and a small patch leads there as well" if confirmed else ""
    said = ", ".join(f"{kind} {values[target]:.1f}" for kind, values in kinds.items())
    return Finding(
        detector="leading-class",
        score=score,
        threshold=DECISIVE if certain else 1.0,
        suspicious=score > 1,
        weight=weight,
        reason=f"class {target} is {evidence[target]:.2f} deviations ahead of the others "
        f"({said}; {ALLOWED:g} are allowed{grounds}).",
        details={
            **{f"class {k}": float(v) for k, v in enumerate(evidence)},
            **{f"{name} class {k}": float(v) for name, values in each.items()
               for k, v in enumerate(values)},
            "target": float(target),
        },
    )  # fmt: skip


def by_kind(each: Mapping[str, Float64Array]) -> dict[str, Float64Array]:
    """The mean of each kind's probes, float64 [classes]; a kind without any is left out."""
    found = {}
    for kind, names in KINDS.items():
        values = [np.clip(each[name], -CAP, CAP) for name in names if name in each]
        if values:
            found[kind] = np.asarray(np.mean(values, axis=0), np.float64)
    return found


def patch_evidence(context: AuditContext) -> dict[str, Float64Array]:
    """What a shared patch says of the class that it reaches furthest; nothing of a file that is too
    large for it.
    """
    try:
        found = measure(context, patches_only=True)
    except ModelError:
        return {}
    reach = found["patch"]
    values = np.zeros(len(reach.heights))
    values[reach.target] = CAP * min(grade(found)["patch"] / PATCH_MOST, 1.0)
    return {_PATCH: values}


def patch_reach(kinds: Mapping[str, Float64Array], target: int) -> float:
    """How many times as far as is allowed a patch reaches the class, PATCH_MOST at most."""
    return float(kinds[_PATCH][target]) / CAP * PATCH_MOST if _PATCH in kinds else 0.0


def weigh(kinds: Mapping[str, Float64Array]) -> Float64Array:
    """The evidence against each class, float64 [classes]; a kind that is missing is no evidence."""
    above = np.maximum(list(kinds.values()), 0.0)
    return np.asarray(np.sqrt((above**2).sum(axis=0) / len(KINDS)))
