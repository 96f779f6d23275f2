"""Do the activations' ranges fit the data? A hostile calibration is a way in as well.

Too narrow: a converter covers what its calibration inputs reached. If they and the samples here are
exchangeable, a sample leaves the range of m calibration inputs on one side with chance 1/(m+1),
and the number of n that do follows the beta-binomial distribution (n, 1, m); m is supposed to be
50, fewer than any recommendation. Corrected for tensors and sides (Bonferroni). Too wide: a range
far beyond the data wastes resolution, or leaves room for what only a trigger reaches; that has no
null distribution. Honest converters that clip outliers on purpose will be told of too: supporting.
Ranges as a way in: Pan et al., ACSAC 2021.
"""

import numpy as np
from scipy import stats

from qmcu.backdoor.detectors.controls import bonferroni
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.residuals import significant
from qmcu.backdoor.grids import SAME_GRID, extremes, read_grids
from qmcu.backdoor.networks import network_from_graph

CALIBRATED = 50
WIDE = 3.0  # times the range that the samples reach
# Their output grids are part of the operator's definition, or those of their inputs.
_FIXED = ("LOGISTIC", "SOFTMAX", "TANH", *SAME_GRID)
_STEPS = 0.5  # a value this far outside is only rounded


@detector("calibration-ranges", source="qmcu; after Pan et al., ACSAC 2021",
          needs=("int8", "samples"),
          null="samples and calibration inputs are exchangeable")  # fmt: skip
def calibration_ranges(context: AuditContext) -> Finding:
    """Activation ranges that real inputs leave, or that reach far beyond them."""
    assert context.graph is not None and context.samples is not None
    network = context.network or network_from_graph(context.graph)
    grids = read_grids(network, context.graph)
    names = {network.graph.inputs[0]: "input"}
    for op in network.graph.operators:
        if op.kind not in _FIXED:
            names[op.outputs[0]] = str(op)
    details: dict[str, float] = {}
    p_values: list[float] = []
    for index, (lows, highs) in extremes(network, context.samples).items():
        if index not in names:
            continue
        grid, count = grids[index], len(lows)
        low = (-128 - grid.zero_point) * grid.scale
        high = (127 - grid.zero_point) * grid.scale
        slack = _STEPS * grid.scale
        beyond = np.count_nonzero(lows < low - slack), np.count_nonzero(highs > high + slack)
        p_values += [float(stats.betabinom.sf(b - 1, count, 1, CALIBRATED)) for b in beyond]
        reached = max(0.0, float(highs.max())) - min(0.0, float(lows.min()))
        details[f"{names[index]} left by"] = max(beyond) / count
        details[f"{names[index]} width"] = (high - low) / max(reached, grid.scale)
    widest = max(v for k, v in details.items() if k.endswith("width"))
    left = max(v for k, v in details.items() if k.endswith("left by"))
    p_value = bonferroni(p_values)
    score = max(widest / WIDE, significant(np.inf, p_value))
    return Finding(
        detector="calibration-ranges",
        score=score,
        threshold=1.0,
        suspicious=score > 1,
        weight="supporting",
        reason=f"{left:.1%} of the inputs leave the range of some activation "
        f"(p = {p_value:.2g}, corrected), and the widest range is {widest:.1f} times what they "
        f"reach ({WIDE:g} are allowed).",
        p_value=p_value,
        details=details,
    )
