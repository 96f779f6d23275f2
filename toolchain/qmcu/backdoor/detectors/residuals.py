"""Where weights lie between two grid points.

Honest weights know nothing of the grid: w / scale - round(w / scale) is uniform in (-1/2, 1/2).
A weight that was pushed to a rounding boundary, or snapped to the grid, is not. One-sample
Kolmogorov-Smirnov test for each layer, Bonferroni over layers; weights at the end of the grid,
which fix the scale, and zeros, which pruning makes, are left out. The Kolmogorov distribution:
Marsaglia et al., 2003.
"""

import math

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.lattice import LARGEST, LayerGrid

# Distance from uniform that no test is needed for, and below which a significant one is honest:
# weight clipping and quantization-aware training leave their traces too.
THRESHOLD = 0.05
_LEAST = 50


@detector("residuals", source="qmcu; Egashira et al., NeurIPS 2024 describe the trace",
          needs=("float", "int8"))  # fmt: skip
def residuals(context: AuditContext) -> Finding:
    """Weights that lie elsewhere between grid points than chance would put them."""
    distances: dict[str, float] = {}
    p_values = []
    for grid in context.grids:
        values = used_residuals(grid)
        if len(values) < _LEAST:
            continue
        distance = uniform_distance(values)
        distances[grid.name] = distance
        p_values.append(kolmogorov(distance * math.sqrt(len(values))))
    score = max(distances.values(), default=0.0)
    p_value = min(1.0, min(p_values, default=1.0) * max(1, len(p_values)))
    suspicious = score > THRESHOLD and p_value < 1e-6
    where = max(distances, key=lambda name: distances[name], default="no layer")
    words = "not uniform" if suspicious else "as uniform as chance would have them"
    return Finding(
        detector="residuals",
        score=score,
        threshold=THRESHOLD,
        suspicious=suspicious,
        weight="supporting",
        reason=f"the weights' places between grid points are {words}: distance {score:.3f} in "
        f"{where} ({THRESHOLD} is allowed, p = {p_value:.2g}).",
        p_value=p_value,
        details=distances,
    )


def used_residuals(grid: LayerGrid) -> npt.NDArray[np.float64]:
    """Distance to the nearest grid point of each weight that may lie anywhere, in steps."""
    positions = grid.positions.reshape(-1)
    inside = (np.abs(positions) < LARGEST - 0.5) & (positions != 0)
    kept = positions[inside]
    return np.asarray(kept - np.round(kept))


def uniform_distance(values: npt.NDArray[np.float64]) -> float:
    """Kolmogorov-Smirnov distance of values in [-1/2, 1/2] from uniform."""
    ordered = np.sort(values) + 0.5
    count = len(ordered)
    upper = np.arange(1, count + 1) / count - ordered
    lower = ordered - np.arange(count) / count
    return float(max(upper.max(), lower.max()))


def kolmogorov(statistic: float) -> float:
    """P(D sqrt(n) > statistic) in the limit of many values."""
    if statistic < 0.2:
        return 1.0
    signs = (1.0 if k % 2 else -1.0 for k in range(1, 101))
    terms = [s * math.exp(-2 * (k * statistic) ** 2) for k, s in enumerate(signs, 1)]
    return min(1.0, max(0.0, 2 * sum(terms)))
