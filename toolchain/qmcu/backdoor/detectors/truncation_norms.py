"""How large the rounding errors of each neuron are, against what chance gives.

Li et al., "Nearest is Not Dearest" (EFRAP), CVPR 2024, observe that neurons with large truncation
errors carry the backdoor. The mean square of n uniform errors is 1/12 with variance 1/(180 n).
"""

import numpy as np

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.residuals import used_residuals

_MEAN, _VARIANCE = 1 / 12, 1 / 180
# Relative excess of a layer's mean square error; uniform is 0, all at the boundary is 2.
THRESHOLD = 0.25
_LEAST = 50


@detector("truncation-norms", source="Li et al., EFRAP, CVPR 2024, section 3",
          needs=("float", "int8"))  # fmt: skip
def truncation_norms(context: AuditContext) -> Finding:
    """Rounding errors that are larger, or smaller, than chance makes them."""
    details: dict[str, float] = {}
    largest_z = 0.0
    for grid in context.grids:
        values = used_residuals(grid)
        if len(values) < _LEAST:
            continue
        mean = float(np.mean(values**2))
        details[grid.name] = mean / _MEAN - 1
        z = abs(mean - _MEAN) / np.sqrt(_VARIANCE / len(values))
        largest_z = max(largest_z, float(z))
    score = max((abs(v) for v in details.values()), default=0.0)
    suspicious = score > THRESHOLD and largest_z > 6
    where = max(details, key=lambda name: abs(details[name]), default="no layer")
    return Finding(
        detector="truncation-norms",
        score=score,
        threshold=THRESHOLD,
        suspicious=suspicious,
        weight="supporting",
        reason=f"the mean square rounding error of {where} is {details.get(where, 0.0):+.0%} from "
        f"that of chance ({THRESHOLD:.0%} is allowed).",
        details=details,
    )
