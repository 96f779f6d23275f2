"""Did the quantizer round to nearest? A hostile one does not (QuRA, NDSS 2026)."""

import numpy as np

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector

# Share of weights that may differ: converters compute scales in other precisions.
THRESHOLD = 0.001


@detector("rounding-choice", source="after QuRA, NDSS 2026", needs=("float", "int8"))
def rounding_choice(context: AuditContext) -> Finding:
    """Integers that are not the nearest ones of the float weights."""
    details = {g.name: float(np.mean(g.integers != g.nearest)) for g in context.grids}
    total = sum(g.integers.size for g in context.grids)
    wrong = sum(int(np.count_nonzero(g.integers != g.nearest)) for g in context.grids)
    score = wrong / total
    return Finding(
        detector="rounding-choice",
        score=score,
        threshold=THRESHOLD,
        suspicious=score > THRESHOLD,
        weight="supporting",
        reason=f"{wrong:,} of {total:,} weights were not rounded to the nearest integer; a defence "
        "does that too, an honest converter does not.",
        details=details,
    )
