"""How evidence against classes adds up: probes to deviates, deviates to kinds, kinds to a finding.

Probes say how far each class is ahead of the others. In an honest network one class leads here and
another there; a backdoor's target leads in most of them. So what a probe says of a class is how
rare it would be as one more draw of the other classes (Student's t: with few classes it takes more
deviations to be as rare), as a deviation of a normal distribution, CAP at most. The probes of a
kind count by their mean, and the evidence against a class is the root mean square, over the kinds,
of what is above zero: the statistic of a one-sided test of several means (Kudo, Biometrika 1963).
The kinds depend on each other and no trained network is exchangeable in its classes, so its
distribution is not used: what is allowed was set on honest networks only (docs/INT8_ALONE.md), and
is more than one kind alone can give.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from qmcu.backdoor.detectors.method import AuditContext, Finding, Weight
from qmcu.types import Float64Array

# No probe counts for more, so that one kind alone gives CAP over the root of how many there are.
CAP = 3.0
# Times what is allowed: no honest network came near.
DECISIVE = 1.125
# Kinds of probes that more than one detector has.
DRIVEN = "margins that inputs can be driven to"
WEIGHTS = "weights of the last layer"
# Rarer than this is not computed.
_RAREST = 1e-12


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a way of looking says: each probe's deviates and each kind's evidence, float64
    [classes], of as many kinds as there may be; what is allowed; what makes a lead certain
    (`confirmed`, in words) and what is suspicious by itself (`apart`, in units of what is allowed);
    more that the reason says of the foremost class, and more details.
    """

    each: Mapping[str, Float64Array]
    kinds: Mapping[str, Float64Array]
    whole: int
    allowed: float
    confirmed: str = ""
    apart: float = 0.0
    said: str = ""
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def classes(self) -> Float64Array:
        """The evidence against each class, float64 [classes]."""
        return weigh(self.kinds, self.whole)

    @property
    def target(self) -> int:
        """The foremost class."""
        return int(self.classes.argmax())


def shared(
    detector: str, look: Callable[[AuditContext], Evidence], context: AuditContext
) -> Evidence:
    """What a detector's `look` at the file alone says, computed once for all of an audit that read
    it. Raises ModelError for a file that cannot be judged.
    """
    found: Evidence = context.once(f"evidence of {detector}", lambda: look(context.alone))
    return found


def finding_of(
    detector: str, found: Evidence, *, supports: bool = False, decisive: float = DECISIVE
) -> Finding:
    """What a detector answers: decisive beyond `decisive` times what is allowed, or where a lead is
    confirmed, unless it only `supports`.
    """
    evidence, target = found.classes, found.target
    height = float(evidence[target]) / found.allowed
    certain = height > decisive and not supports
    confirmed = height > 1 and bool(found.confirmed) and not supports
    score = max(height, found.apart)
    weight: Weight = "decisive" if certain or confirmed else "supporting"
    limit = found.allowed * decisive
    grounds = f", no honest network came to {limit:.2f}" if certain else ""
    grounds += f", and {found.confirmed}" if confirmed else ""
    kinds = ", ".join(f"{kind} {values[target]:.1f}" for kind, values in found.kinds.items())
    return Finding(
        detector=detector,
        score=score,
        threshold=decisive if certain else 1.0,
        suspicious=score > 1,
        weight=weight,
        reason=f"class {target} is {evidence[target]:.2f} deviations ahead of the others "
        f"({kinds}; {found.allowed:g} are allowed{grounds}).{found.said}",
        details={
            **{f"class {k}": float(v) for k, v in enumerate(evidence)},
            **{f"{name} class {k}": float(v) for name, values in found.each.items()
               for k, v in enumerate(values)},
            **found.details,
            "target": float(target),
        },
    )  # fmt: skip


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


def by_kind(
    each: Mapping[str, Float64Array], kinds: Mapping[str, tuple[str, ...]]
) -> dict[str, Float64Array]:
    """The mean of each kind's probes, float64 [classes]; a kind without any is left out."""
    found = {}
    for kind, names in kinds.items():
        values = [np.clip(each[name], -CAP, CAP) for name in names if name in each]
        if values:
            found[kind] = np.asarray(np.mean(values, axis=0), np.float64)
    return found


def weigh(kinds: Mapping[str, Float64Array], whole: int) -> Float64Array:
    """The evidence against each class, float64 [classes], of `whole` kinds: one that is missing is
    no evidence.
    """
    above = np.maximum(list(kinds.values()), 0.0)
    return np.asarray(np.sqrt((above**2).sum(axis=0) / whole))
