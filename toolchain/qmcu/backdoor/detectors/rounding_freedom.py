"""How much freedom rounding left an attacker, and how much of it was used.

A weight may lie anywhere within half a step of its integer, so an attacker who keeps the integers
may move any linear functional of the weights by half a step times the sum of its absolute
coefficients. Here the functionals are the mean logits, class by class, with their gradients as
coefficients g. Errors e with random signs move them by sum(g e), which is normal with variance
sum(g^2 e^2): no draws are needed. Second, weights at their rounding boundary: the next step of a
training that keeps the integers would cross it, so such training leaves weights there; a uniform
residual is within 0.05 steps of the boundary one time in ten (exact binomial test by layer).
The boundary as the attack's constraint: Ma et al., TDSC 2023; Egashira et al., NeurIPS 2024.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from qmcu.backdoor.detectors.controls import INPUTS, held_errors
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.residuals import LEAST, significant, used_residuals
from qmcu.backdoor.detectors.significance import bonferroni
from qmcu.backdoor.detectors.ties import lead_layers
from qmcu.backdoor.networks import logit_slopes
from qmcu.types import Float64Array

DEVIATIONS = 5.0
# More outputs than these are looked at in as many random sums of them.
MOST_OUTPUTS = 32
_NEAR = 0.05  # steps from the boundary
# Times the expected share that may lie there, beyond it.
_CROWD = 0.5


@detector("rounding-freedom", source="qmcu; after Ma et al., TDSC 2023", needs=("float", "int8"),
          null="residuals are uniform, with random signs")  # fmt: skip
def rounding_freedom(context: AuditContext) -> Finding:
    """What rounding could have done to the mean logits, what it did, and weights at boundaries."""
    used, deviations = _along_logits(context)
    details = {f"class {k} deviations": float(z) for k, z in enumerate(deviations)}
    p_values = [float(p) for p in 2 * stats.norm.sf(np.abs(deviations))]
    scores = {"the mean logits": float(np.abs(deviations).max()) / DEVIATIONS}
    sides, distances = [], []
    for grid in context.grids:
        distance = 0.5 - np.abs(used_residuals(grid))
        if len(distance) < LEAST:
            continue
        distances.append(distance)
        near, total = int(np.count_nonzero(distance < _NEAR)), len(distance)
        p_value = float(stats.binomtest(near, total, 2 * _NEAR, alternative="greater").pvalue)
        details[f"{grid.name} mean distance"] = float(distance.mean())
        details[f"{grid.name} at the boundary"] = near / total
        sides.append((grid.name, (near / total / (2 * _NEAR) - 1) / _CROWD, p_value))
    for name, effect, p_value in sides:
        scores[f"{name} at its boundaries"] = significant(effect, p_value * len(sides))
    where = max(scores, key=lambda name: scores[name])
    mean = float(np.concatenate(distances).mean()) if distances else 0.25
    return Finding(
        detector="rounding-freedom",
        score=scores[where],
        threshold=1.0,
        suspicious=scores[where] > 1,
        weight="supporting",
        reason=f"weights lie {mean:.2f} steps from their rounding boundary on average (chance: "
        f"0.25), and rounding used {used:.1%} of its freedom over the mean logits; most "
        f"conspicuous: {where}.",
        p_value=bonferroni(p_values + [p for *_, p in sides]),
        details=details | {"freedom used": used},
    )


def _along_logits(context: AuditContext) -> tuple[float, Float64Array]:
    """The largest share of its freedom used on a class, and each class's standard deviations: of
    many outputs, on random sums of them.
    """
    network = context.network
    assert network is not None
    inputs = context.noise(INPUTS) if context.samples is None else context.samples[:INPUTS]
    outputs = network.graph.output_tensors[0].elements
    sums = None
    if outputs > MOST_OUTPUTS:
        signs = np.random.default_rng([context.seed, 41]).choice([-1, 1], (MOST_OUTPUTS, outputs))
        sums = signs.astype(np.float32)
    shares, deviations = [], []
    layers = lead_layers(context.grids)
    for slopes in logit_slopes(network, inputs, sums):
        moved = variance = reach = 0.0
        whole = _of_shared(slopes, layers)
        for slope, grid, held in zip(whole, context.grids, held_errors(context), strict=True):
            g = slope * grid.spread_scales
            errors = -grid.residuals - held / grid.spread_scales
            moved += float(np.sum(g * errors))
            variance += float(np.sum((g * errors) ** 2))
            reach += 0.5 * float(np.abs(g).sum())
        shares.append(abs(moved) / reach if reach > 0 else 0.0)
        deviations.append(moved / np.sqrt(variance) if variance > 0 else 0.0)
    return max(shares), np.array(deviations)


def _of_shared(slopes: Sequence[Float64Array], layers: Sequence[int]) -> list[Float64Array]:
    """The slopes of weights that several layers share, summed at the first one; 0 at others."""
    whole = [np.zeros_like(slope) for slope in slopes]
    for slope, layer in zip(slopes, layers, strict=True):
        whole[layer] = whole[layer] + slope
    return whole
