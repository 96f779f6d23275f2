"""Is there one class that leads in everything? By the int8 file alone, whatever else is given.

There are six probes of three kinds (class_probes.py): the margin that inputs can be driven to,
noise and inputs made for other classes under random overlays, the last layer's weights. How they
add up: class_evidence.py. Of searches for a trigger only that for a small patch
(shared_patterns.py) is evidence as well, for its own class, CAP where it reaches twice as far as is
allowed there: ordinary backdoors of patches may lean little without them. A class that leads and
that a patch reaches CONFIRMED times as far as is allowed is found by two ways that know nothing of
each other, which is decisive. Shared overlays, waves and warps on inputs made from noise were tried
and part attacked from honest networks less well than random ones; on inputs that are made more
carefully they tell more (synthetic_triggers.py).

Given inputs are not used, nor their range, so that they cannot make the verdict weaker: what they
tell is class-triggers' (class_triggers.py).
"""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from qmcu.backdoor.detectors.class_evidence import (
    CAP,
    DRIVEN,
    WEIGHTS,
    Evidence,
    by_kind,
    deviates,
    finding_of,
    shared,
)
from qmcu.backdoor.detectors.class_probes import probe_classes
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.shared_patterns import grade, measure
from qmcu.errors import ModelError
from qmcu.types import Float64Array

KINDS = {
    DRIVEN: ("margin", "smooth margin"),
    "noise and random overlays": ("faint", "strong", "noise"),
    WEIGHTS: ("weights",),
}
# One kind alone gives 1.73 at most.
ALLOWED = 2.0
# A patch that reaches this many times as far as is allowed is CAP.
PATCH_MOST = 2.0
# And this many makes a lead that is only suspicious certain.
CONFIRMED = 1.75
_PATCH = "a small patch"


@detector(
    "leading-class",
    source="qmcu; after MM-BD, S&P 2024, FreeEagle, USENIX Security 2023, Trojan Signatures, "
    "ICCVW 2021, and Neural Cleanse, S&P 2019",
    needs=("int8", "classes", "ranges", "real inputs"),
    slow=True,
    alone=True,
)
def leading_class(context: AuditContext) -> Finding:
    """A class that leads the others wherever one looks in the file: margins, noise, weights."""
    found = shared("leading-class", evidence_alone, context)
    return finding_of("leading-class", found, decisive=math.inf)


def evidence_alone(context: AuditContext) -> Evidence:
    """What the file says by itself. Raises ModelError for one that cannot be judged."""
    each = {name: deviates(heights) for name, heights in probe_classes(context).items()}
    found = Evidence(each, {**by_kind(each, KINDS), **patch_evidence(context)}, len(KINDS), ALLOWED)
    if patch_reach(found.kinds, found.target) < CONFIRMED:
        return found
    return replace(found, confirmed="a small patch leads there as well")


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
