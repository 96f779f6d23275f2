"""Do the activations on the way move more than rounding moves them?

An attack can be trained so that the logits keep still without the trigger; the layers before them
carry its signal all the same. For every activation tensor: the root mean square of its change, and
of its channels' means, against controls whose rounding errors have random signs (controls.py).
Activations as evidence: Chen et al., "Detecting Backdoor Attacks by Activation Clustering", 2018;
their comparison between float and int8: Li et al., ICML 2024 (which corrects them).
"""

from qmcu.backdoor.detectors.changes import changes
from qmcu.backdoor.detectors.method import RANDOM_SIGNS, AuditContext, Finding, detector
from qmcu.backdoor.detectors.significance import (
    ALPHA,
    LINE,
    Comparison,
    bonferroni,
    compare,
    strength,
)

# How many times the controls' change is material: more than for the logits, for it is looked for
# everywhere (docs/DETECTORS.md).
FACTOR = 2.0
# Of a float model that was made from the int8 file.
UNMOVED = "int8 weights are float's own and move no activation."


@detector("activation-statistics", source="qmcu; after Li et al., ICML 2024",
          needs=("float", "int8"), null=RANDOM_SIGNS)  # fmt: skip
def activation_statistics(context: AuditContext) -> Finding:
    """Activations, layer by layer, that int8 weights move further than random rounding does."""
    changes = layer_changes(context)
    if not changes:
        return Finding("activation-statistics", 0.0, LINE, False, "decisive", UNMOVED, 1.0)
    scores = {name: strength(p, len(changes), FACTOR) for name, p in changes.items()}
    where = max(scores, key=lambda name: scores[name])
    score, place = scores[where], changes[where]
    return Finding(
        detector="activation-statistics",
        score=score,
        threshold=LINE,
        suspicious=score > LINE,
        weight="decisive",
        reason=f"int8 weights move the activations ({where}) {place.ratio:.1f} times as far as "
        f"random rounding does (p = {place.p_value:.1g} of {place.draws} controls, times "
        f"{len(scores)} places; {ALPHA} is the line, and {FACTOR:g} times is material).",
        p_value=bonferroni([f.p_value for f in changes.values()]),
        details={name: one.z for name, one in changes.items()},
    )


def layer_changes(context: AuditContext) -> dict[str, Comparison]:
    """Each kind of inputs, activation tensor and statistic against the controls."""
    comparisons: dict[str, Comparison] = {}
    for kind, seen in changes(context).items():
        for number, name in enumerate(seen.names):
            for what, sizes in (("spread", seen.activations), ("means", seen.channels)):
                values = sizes[:, number]
                if values[0] > 0:
                    comparisons[f"{kind} {name} {what}"] = compare(float(values[0]), values[1:])
    return comparisons
