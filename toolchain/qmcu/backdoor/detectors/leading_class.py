"""Is there one class that leads in everything? By the int8 file alone, or with inputs.

Probes say how far each class is ahead of the others. In an honest network one class leads here and
another there; a backdoor's target leads in most of them. So what a probe says of a class is how
rare it would be as one more draw of the other classes (Student's t: with few classes it takes more
deviations to be as rare), as a deviation of a normal distribution, CAP at most. The probes of a
kind count by their mean, and the evidence against a class is the root mean square, over the kinds,
of what is above zero: the statistic of a one-sided test of several means (Kudo, Biometrika 1963).
The kinds depend on each other and no trained network is exchangeable in its classes, so its
distribution is not used: what is allowed was set on honest networks only (docs/DETECTORS.md), and
is more than one kind alone can give.

Without inputs there are six probes of three kinds (class_probes.py): the margin that inputs can be
driven to, noise and inputs made for other classes under random overlays, the last layer's weights.
Of searches for a trigger only that for a small patch (shared_patterns.py) is evidence as well, for
its own class, CAP where it reaches twice as far as is allowed there: ordinary backdoors of patches
may lean little without them. A class that leads and that a patch reaches CONFIRMED times as far as
is allowed is found by two ways that know nothing of each other, which is decisive. Shared overlays,
waves and warps on inputs made from noise were tried and part attacked from honest networks less
well than random ones.

With inputs those searches tell more than noise does: triggers found on one half of the inputs are
measured on the other (input_triggers.py), and take the place of what was made from noise.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import stats

from qmcu.backdoor.detectors.class_limits import count_classes, fit_work
from qmcu.backdoor.detectors.class_probes import STEPS, drive_classes, probe_classes
from qmcu.backdoor.detectors.input_triggers import (
    CLIMBED,
    LEAST_INPUTS,
    TriggerSearch,
    are_varied,
    halves,
    passes_of,
)
from qmcu.backdoor.detectors.method import AuditContext, Finding, Weight, detector
from qmcu.backdoor.detectors.quantized import QuantizedModel
from qmcu.backdoor.detectors.shared_patterns import grade, measure
from qmcu.backdoor.networks import network_from_graph
from qmcu.backdoor.rates import predict_integer
from qmcu.errors import ModelError
from qmcu.types import Float64Array

_DRIVEN = "margins that inputs can be driven to"
_WEIGHTS = "weights of the last layer"
# The kinds of probes, without inputs and with them.
KINDS = {
    _DRIVEN: ("margin", "smooth margin"),
    "noise and random overlays": ("faint", "strong", "noise"),
    _WEIGHTS: ("weights",),
}
INPUT_KINDS = {
    _DRIVEN: ("margin", "smooth margin"),
    "overlays that inputs share": ("bounded overlay", "short overlay", "blend"),
    "a patch that they share": ("patch",),
    "their own mirror images": ("mirror",),
    _WEIGHTS: ("weights",),
}
# Families whose trigger most inputs of an honest network follow to several classes, if to any.
RIVALLED = ("bounded overlay", "short overlay", "blend", "patch")
# What is allowed of the first class's log odds above the second's; honest networks came to 2.0.
ALLOWED_LEAD = 3.0
# No probe counts for more, so that one kind alone gives CAP / sqrt(3), 1.73, at most, and with
# inputs CAP / sqrt(5), 1.34.
CAP = 3.0
ALLOWED, ALLOWED_INPUTS = 2.0, 1.75
# Times that: no honest network came near.
DECISIVE = 1.125
# A patch that reaches this many times as far as is allowed is CAP.
PATCH_MOST = 2.0
# And this many makes a lead that is only suspicious certain.
CONFIRMED = 1.75
_PATCH = "a small patch"
# Rarer than this is not computed.
_RAREST = 1e-12
# Multiply-accumulates of all ascents with inputs, a minute or so of one core; larger models get
# fewer inputs and starts, and none below the least.
_MOST_WORK = 1e12
_LEAST_CLIMBED = 6


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a way of looking says: each probe's deviates and each kind's evidence, float64
    [classes], of as many kinds as there may be; what is allowed; more that a reason says of the
    foremost class, how far its best trigger is ahead of the other classes' in log odds, and the
    shares of inputs that its triggers send there, by family.
    """

    each: Mapping[str, Float64Array]
    kinds: Mapping[str, Float64Array]
    whole: int
    allowed: float
    shares: Mapping[str, float] = field(default_factory=dict)
    said: str = ""
    lead: float = 0.0

    @property
    def classes(self) -> Float64Array:
        """The evidence against each class, float64 [classes]."""
        return weigh(self.kinds, self.whole)


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
    source="qmcu; after MM-BD, S&P 2024, FreeEagle, USENIX Security 2023, Trojan Signatures, "
    "ICCVW 2021, and Neural Cleanse, S&P 2019",
    needs=("int8", "classes"),
    slow=True,
    alone=True,
)
def leading_class(context: AuditContext) -> Finding:
    """A class that leads the others wherever one looks: margins, triggers, noise, weights."""
    found = evidence_of_inputs(context) or evidence_alone(context)
    evidence = found.classes
    target = int(evidence.argmax())
    height = float(evidence[target]) / found.allowed
    alone = found.lead > ALLOWED_LEAD
    patched = patch_reach(found.kinds, target) >= CONFIRMED
    confirmed = height > 1 and (patched or alone)
    certain = height > DECISIVE
    score = max(height, found.lead / ALLOWED_LEAD)
    weight: Weight = "decisive" if certain or confirmed else "supporting"
    limit = found.allowed * DECISIVE
    grounds = f", no honest network came to {limit:.2f}" if certain else ""
    grounds += ", and a small patch leads there as well" if confirmed and patched else ""
    kinds = ", ".join(f"{kind} {values[target]:.1f}" for kind, values in found.kinds.items())
    return Finding(
        detector="leading-class",
        score=score,
        threshold=DECISIVE if certain else 1.0,
        suspicious=score > 1,
        weight=weight,
        reason=f"class {target} is {evidence[target]:.2f} deviations ahead of the others "
        f"({kinds}; {found.allowed:g} are allowed{grounds}).{found.said}",
        details={
            **{f"class {k}": float(v) for k, v in enumerate(evidence)},
            **{f"{name} class {k}": float(v) for name, values in found.each.items()
               for k, v in enumerate(values)},
            **{f"integers sent by {name}": share for name, share in found.shares.items()},
            "lead in log odds": found.lead,
            "target": float(target),
        },
    )  # fmt: skip


def evidence_alone(context: AuditContext) -> Evidence:
    """What the file says by itself. Raises ModelError for one that cannot be judged."""
    each = {name: deviates(heights) for name, heights in probe_classes(context).items()}
    kinds = {**by_kind(each, KINDS), **patch_evidence(context)}
    said = ""
    if context.samples is not None:
        said = (
            f" Of the inputs only their range was used: {LEAST_INPUTS} and more are needed, with "
            "several answers."
        )
    return Evidence(each, kinds, len(KINDS), ALLOWED, said=said)


def evidence_of_inputs(context: AuditContext) -> Evidence | None:
    """What it says with inputs; None where they are too few or answered nearly all the same. Raises
    ModelError for a file that cannot be judged.
    """
    graph, integer, samples = context.graph, context.integer, context.samples
    if samples is None or len(samples) < LEAST_INPUTS:
        return None
    assert graph is not None and integer is not None
    classes = count_classes(graph)
    # A start takes twice the steps and there are half as many starts as inputs.
    passes = passes_of(classes, context.input_shape) + STEPS * classes
    climbed = fit_work(graph, _MOST_WORK, passes, CLIMBED, _LEAST_CLIMBED)
    seen, others = halves(samples, climbed, context.seed)
    answers = predict_integer(integer, others, jobs=1)
    if not are_varied(answers):
        return None
    model = QuantizedModel(network_from_graph(graph), graph, bounded=False)
    search = TriggerSearch(context, model, classes, seen, others)
    triggers = search.all()
    heights = {name: found.heights for name, found in triggers.items()}
    heights |= drive_classes(context, model, classes, math.ceil(climbed / 2), search.unit)
    each = {name: deviates(values) for name, values in heights.items()}
    found = Evidence(each, by_kind(each, INPUT_KINDS), len(INPUT_KINDS), ALLOWED_INPUTS)
    target = int(found.classes.argmax())
    lead = max(triggers[name].lead(target) for name in RIVALLED)
    found, rest = replace(found, lead=lead), answers != target
    if not rest.any():
        return found
    shares = {
        name: float(np.mean(predict_integer(integer, one.marked[target][rest], jobs=1) == target))
        for name, one in triggers.items()
    }
    best = max(shares, key=lambda name: shares[name])
    said = (
        f" On the file's own integers the best trigger found for it on other inputs ({best}) sends "
        f"{shares[best]:.0%} of {int(rest.sum())} there."
    )
    if lead > ALLOWED_LEAD:
        said += (
            f" No other class has one that so many follow: it is {lead:.1f} ahead in log odds "
            f"({ALLOWED_LEAD:g} are allowed)."
        )
    return replace(found, shares=shares, said=said)


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


def weigh(kinds: Mapping[str, Float64Array], whole: int) -> Float64Array:
    """The evidence against each class, float64 [classes], of `whole` kinds: one that is missing is
    no evidence.
    """
    above = np.maximum(list(kinds.values()), 0.0)
    return np.asarray(np.sqrt((above**2).sum(axis=0) / whole))
