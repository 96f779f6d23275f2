"""Did the quantizer round to nearest? A hostile one does not (QuRA, NDSS 2026).

An honest converter stores the nearest integer of every weight and bias; one whose scales were
computed in another precision differs in weights that lie on a boundary. Integers more than
one step off were not made by rounding at all.
"""

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.controls import BEYOND
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.grids import LARGEST, LayerGrid, beyond_rounding, deployed_biases

# Share of weights that may differ: converters compute scales in other precisions.
THRESHOLD = 0.001
_TWICE_ROUNDED = 0.06
# Weights this close to a boundary, in steps, may go either way: 127 steps in a few roundings of
# float32. Weights of few bits (bfloat16) over a largest one of few bits lie there by the hundred.
_ON_BOUNDARY = 1e-4
# The detail that counts what no rounding does, not even one that chooses its directions.
EDITED = "parameters beyond any rounding"


@detector("rounding-choice", source="after QuRA, NDSS 2026", needs=("float", "int8"))
def rounding_choice(context: AuditContext) -> Finding:
    """Integers that are not the nearest ones of the float weights and biases."""
    chosen = [_chosen(g) for g in context.grids]
    details = {g.name: float(np.mean(w)) for g, w in zip(context.grids, chosen, strict=True)}
    total = sum(g.integers.size for g in context.grids)
    wrong = sum(int(np.count_nonzero(w)) for w in chosen)
    far = sum(
        int(np.count_nonzero(w & (np.abs(g.residuals) > 1.001)))
        for g, w in zip(context.grids, chosen, strict=True)
    )
    biases, all_biases = _wrong_biases(context)
    score = max(wrong / total, biases / max(1, all_biases))
    return Finding(
        detector="rounding-choice",
        score=score,
        threshold=THRESHOLD,
        suspicious=score > THRESHOLD,
        weight="supporting",
        reason=f"{wrong:,} of {total:,} weights were not rounded to the nearest integer, {far:,} "
        f"of them are more than a step off, and {biases} of {all_biases} biases are off; a "
        "defence does that too, an honest converter does not.",
        details=details
        | {
            "more than a step": far / total,
            "biases": biases / max(1, all_biases),
            EDITED: float(count_edited(context)),
        },
    )


def _chosen(grid: LayerGrid) -> npt.NDArray[np.bool_]:
    """Which weights are not the nearest integer. Those of int4 may have been rounded to int8 first,
    which moves them by up to 7 / 127 / 2 of a step of a grid that clips to half.
    """
    off = grid.integers != grid.nearest
    either = _ON_BOUNDARY if grid.largest == LARGEST else _TWICE_ROUNDED
    return np.asarray(off & (np.abs(np.abs(grid.residuals) - 0.5) > either))


def count_edited(context: AuditContext) -> int:
    """Weights and biases further off than a quantizer that chooses directions or scales would leave
    them.
    """
    far = sum(
        int(np.count_nonzero((np.abs(g.residuals) > BEYOND) & ~g.cut_off)) for g in context.grids
    )
    return far + _wrong_biases(context)[0]


def _wrong_biases(context: AuditContext) -> tuple[int, int]:
    """Biases that are more than a step off, or a float32's precision if that is more."""
    network, graph = context.network, context.graph
    assert network is not None and graph is not None
    wrong = total = 0
    deployed = deployed_biases(graph, context.grids)
    for (values, steps), biases in zip(deployed, network.biases, strict=True):
        wrong += int(np.count_nonzero(beyond_rounding(values - biases, steps, biases)))
        total += len(biases)
    return wrong, total
