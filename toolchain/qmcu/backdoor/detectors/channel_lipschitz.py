"""Channels that amplify far more than their neighbours.

CLP: Zheng et al., "Data-free Backdoor Removal based on Channel Lipschitzness", ECCV 2022: the
upper bound of a channel's Lipschitz constant is the largest singular value of its kernel as a
matrix; backdoored channels are outliers of their layer. Here on the int8 weights. MobileNets as
people publish them have such outliers too (docs/STRANGERS.md), so it runs when asked for.
"""

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.networks import network_from_graph, weighted_layers

# Robust standard deviations; the paper takes 3 to 5 on its networks.
THRESHOLD = 8.0


@detector("channel-lipschitz", source="Zheng et al., CLP, ECCV 2022", needs=("int8",), slow=True)
def channel_lipschitz(context: AuditContext) -> Finding:
    """Output channels whose Lipschitz bound is an outlier of their layer."""
    assert context.graph is not None
    network = network_from_graph(context.graph)
    details: dict[str, float] = {}
    for layer, weights in zip(weighted_layers(context.graph), network.weights, strict=True):
        if layer.kind != "CONV_2D" or weights.shape[0] < 8:
            continue
        details[layer.name] = _outlier(_bounds(weights))
    score = max(details.values(), default=0.0)
    where = max(details, key=lambda name: details[name], default="no layer")
    return Finding(
        detector="channel-lipschitz",
        score=score,
        threshold=THRESHOLD,
        suspicious=score > THRESHOLD,
        weight="supporting",
        reason=f"the strongest channel of {where} lies {score:.1f} robust deviations above the "
        f"layer's median ({THRESHOLD:.0f} are allowed).",
        details=details,
    )


def _bounds(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The spectral norm of each filter as [kernel, input channels]; `weights` is OHWI."""
    matrices = weights.reshape(weights.shape[0], -1, weights.shape[3]).astype(np.float64)
    return np.asarray(np.linalg.norm(matrices, ord=2, axis=(1, 2)))


def _outlier(values: npt.NDArray[np.float64]) -> float:
    median = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - median)))
    return float((values.max() - median) / spread) if spread > 0 else 0.0
