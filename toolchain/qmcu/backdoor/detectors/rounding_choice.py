"""Did the quantizer round to nearest? A hostile one does not (QuRA, NDSS 2026).

An honest converter stores the nearest integer of every weight and bias; one whose scales were
computed in another precision differs in a few weights that lie on a boundary. Integers more than
one step off were not made by rounding at all.
"""

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.grids import LARGEST, LayerGrid
from qmcu.backdoor.networks import real_values, weighted_layers

# Share of weights that may differ: converters compute scales in other precisions.
THRESHOLD = 0.001
_TWICE_ROUNDED = 0.06


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
        details=details | {"more than a step": far / total, "biases": biases / max(1, all_biases)},
    )


def _chosen(grid: LayerGrid) -> npt.NDArray[np.bool_]:
    """Which weights are not the nearest integer. Those of int4 may have been rounded to int8 first,
    which moves them by up to 7 / 127 / 2 of a step of a grid that clips to half.
    """
    off = grid.integers != grid.nearest
    if grid.largest == LARGEST:
        return np.asarray(off)
    return np.asarray(off & (np.abs(np.abs(grid.residuals) - 0.5) > _TWICE_ROUNDED))


def _wrong_biases(context: AuditContext) -> tuple[int, int]:
    """Biases that are more than a step off, or a float32's precision if that is more."""
    network, graph = context.network, context.graph
    assert network is not None and graph is not None
    wrong = total = 0
    for layer, biases in zip(weighted_layers(graph), network.biases, strict=True):
        if layer.bias is None:
            continue
        quantization = graph.tensors[layer.bias].quantization
        if quantization is None:
            continue
        step = np.array(quantization.scales, np.float64)
        off = np.abs(real_values(graph, layer.bias).astype(np.float64) - biases)
        wrong += int(np.count_nonzero(off > step + 1e-5 * np.abs(biases)))
        total += len(biases)
    return wrong, total
