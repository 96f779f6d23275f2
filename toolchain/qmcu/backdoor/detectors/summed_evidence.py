"""Is one class ahead in all that a file says by itself, if only a little each time?

leading-class, synthetic-triggers and sliding-drawings each look at a file alone and have a line of
their own, and an audit takes the strongest of them. What is below its line is lost so, and it is
never asked whether they mean the same class. Here it adds up class by class: the kinds of probes of
a way of looking count by their mean, the three ways by theirs, and the evidence against a class is
how far it is ahead of the next one. One that leads by nature in one of them (an 8 of all that is no
digit) is behind in the others; the target of a backdoor is ahead in all.

A way that could not look is no evidence. Nothing is computed here that the three have not.
"""

from dataclasses import dataclass

import numpy as np

from qmcu.backdoor.detectors.class_evidence import Evidence, finding_of, shared
from qmcu.backdoor.detectors.class_probes import all_margins
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
}
# One way that speaks for itself is that detector's.
LEAST_WAYS = 2
# In deviations; all three at CAP and the next class at its usual place would give some 3.
ALLOWED = 1.25


@dataclass(frozen=True, eq=False)
class Sum(Evidence):
    """Evidence of ways of looking that add up: the mean over them, less that of the next class."""

    @property
    def classes(self) -> Float64Array:
        """How far each class is ahead of the best other one, float64 [classes]."""
        mean = np.sum(list(self.kinds.values()), axis=0) / self.whole
        return np.asarray(all_margins(mean[None])[0], np.float64)


@detector(
    "summed-evidence",
    source="qmcu; the three ways of looking that it adds up",
    needs=("int8", "classes", "ranges", "real inputs"),
    slow=True,
    alone=True,
)
def summed_evidence(context: AuditContext) -> Finding:
    """A class that is ahead when all that the file says by itself is added up."""
    return finding_of("summed-evidence", evidence_summed(context), supports=True)


def evidence_summed(context: AuditContext) -> Sum:
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
    return Sum(found, found, len(WAYS), ALLOWED)
