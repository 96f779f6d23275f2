"""Is one class ahead in all that a file says by itself, if only a little each time?

leading-class, synthetic-triggers, sliding-drawings and disturbed-activations each look at a file
alone. The strongest of them forgets what the others say, and it is never asked whether they mean
the same class. Here it adds up class by class: the kinds of probes of a way of looking count by
their mean, the four ways by the root mean square of what is above zero (class_evidence.py). One
that leads by nature in one of them (an 8 of all that is no digit) is behind in the others; the
target of a backdoor is ahead in most.

This decides what an audit says of a file alone: where it could look, what it adds up has no line of
its own there, but for a patch that confirms a lead (result.py). A way that could not look is no
evidence. Nothing is computed here that the four have not.
"""

import numpy as np

from qmcu.backdoor.detectors.class_evidence import Evidence, finding_of, shared
from qmcu.backdoor.detectors.disturbed_activations import evidence_inside
from qmcu.backdoor.detectors.leading_class import evidence_alone
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.sliding_drawings import evidence_of_drawings
from qmcu.backdoor.detectors.synthetic_triggers import evidence_made
from qmcu.errors import ModelError
from qmcu.types import Float64Array

WAYS = {
    "leading-class": evidence_alone,
    "synthetic-triggers": evidence_made,
    "sliding-drawings": evidence_of_drawings,
    "disturbed-activations": evidence_inside,
}
# One way that speaks for itself is that detector's.
LEAST_WAYS = 2
# In deviations; all four at CAP would give 3, one alone 1.5.
ALLOWED = 1.4
# Beyond this it is a backdoor: the public network of handwritten digits that was furthest has 1.63.
SURE = 1.9


@detector(
    "summed-evidence",
    source="qmcu; the ways of looking that it adds up",
    needs=("int8", "classes", "ranges", "real inputs"),
    slow=True,
    alone=True,
)
def summed_evidence(context: AuditContext) -> Finding:
    """A class that is ahead when all that the file says by itself is added up."""
    return finding_of("summed-evidence", evidence_summed(context), decisive=SURE / ALLOWED)


def evidence_summed(context: AuditContext) -> Evidence:
    """What the ways say together. Raises ModelError where fewer than LEAST_WAYS could look."""
    found: dict[str, Float64Array] = {}
    failed: list[ModelError] = []
    for name, look in WAYS.items():
        try:
            kinds = shared(name, look, context).kinds
        except ModelError as error:
            failed.append(error)
            continue
        found[name] = np.asarray(np.mean(list(kinds.values()), axis=0), np.float64)
    if len(found) < LEAST_WAYS:
        raise failed[0]
    return Evidence(found, found, len(WAYS), ALLOWED)
