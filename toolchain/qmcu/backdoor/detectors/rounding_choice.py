"""Did the quantizer round to nearest? A hostile one does not (QuRA, NDSS 2026).

An honest converter stores the nearest integer of every weight and bias; one whose scales were
computed in another precision differs in a few weights that lie on a boundary. Integers more than
one step off were not made by rounding at all.
"""

import numpy as np

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.networks import real_values, weighted_layers

# Share of weights that may differ: converters compute scales in other precisions.
THRESHOLD = 0.001


@detector("rounding-choice", source="after QuRA, NDSS 2026", needs=("float", "int8"))
def rounding_choice(context: AuditContext) -> Finding:
    """Integers that are not the nearest ones of the float weights and biases."""
    details = {g.name: float(np.mean(g.integers != g.nearest)) for g in context.grids}
    total = sum(g.integers.size for g in context.grids)
    wrong = sum(int(np.count_nonzero(g.integers != g.nearest)) for g in context.grids)
    far = sum(int(np.count_nonzero(np.abs(g.residuals) > 1.001)) for g in context.grids)
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
