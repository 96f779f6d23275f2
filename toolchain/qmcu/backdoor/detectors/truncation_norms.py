"""How large the rounding errors of each neuron are, against what chance gives.

Li et al., "Nearest is Not Dearest" (EFRAP), CVPR 2024, observe that neurons with large truncation
errors carry the backdoor. The mean square of n uniform errors is 1/12 with variance 1/(180 n): a
test of each layer and of each neuron, two-sided, corrected for their number (Bonferroni).
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import stats

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.residuals import LEAST, channel_residuals, significant, used_residuals
from qmcu.backdoor.detectors.significance import bonferroni
from qmcu.backdoor.grids import LayerGrid

_MEAN, _VARIANCE = 1 / 12, 1 / 180
# Relative excess of a mean square error; uniform is 0, all at the boundary is 2. Its p-value has
# to be small as well (residuals.significant).
EXCESS = 0.25


@detector("truncation-norms", source="Li et al., EFRAP, CVPR 2024, section 3",
          needs=("float", "int8"), null="residuals are uniform")  # fmt: skip
def truncation_norms(context: AuditContext) -> Finding:
    """Neurons whose rounding errors are larger, or smaller, than chance makes them."""
    tests = {name: value for grid in context.grids for name, value in _tests(grid)}
    scores = {
        name: significant(abs(excess) / EXCESS, p * len(tests))
        for name, (excess, p) in tests.items()
    }
    score = max(scores.values(), default=0.0)
    where = max(scores, key=lambda name: scores[name], default="no layer")
    excess = tests[where][0] if tests else 0.0
    return Finding(
        detector="truncation-norms",
        score=score,
        threshold=1.0,
        suspicious=score > 1,
        weight="supporting",
        reason=f"the mean square rounding error of {where} is {excess:+.0%} from that of chance, "
        f"the most conspicuous of {len(tests)} layers and neurons ({EXCESS:.0%} is allowed).",
        p_value=bonferroni([p for _, p in tests.values()]),
        details={n: e for n, (e, _) in tests.items() if " " not in n or scores[n] > 1},
    )


def _tests(grid: LayerGrid) -> Iterator[tuple[str, tuple[float, float]]]:
    values = used_residuals(grid)
    if len(values) < LEAST:
        return
    yield grid.name, _test(values)
    for number, own in channel_residuals(grid):
        yield f"{grid.name} neuron {number}", _test(own)


def _test(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Relative excess of the mean square, and its two-sided p-value."""
    mean = float(np.mean(values**2))
    z = abs(mean - _MEAN) / np.sqrt(_VARIANCE / len(values))
    return mean / _MEAN - 1, float(2 * stats.norm.sf(z))
