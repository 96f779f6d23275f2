"""A small int8 model, honest or with tampered numbers, beside its float network."""

from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.grids.constants import write_constants
from qmcu.backdoor.networks.network import Network, weighted_layers
from qmcu.model.reader import parse_model

CLASSES = 6


def audited_file(network: Network | None, integer: bytes, samples: object) -> AuditContext:
    """What an audit is given of an int8 file and, maybe, of the float network."""
    graph = parse_model(integer, "small")
    return AuditContext(network, integer, graph, samples)  # type: ignore[arg-type]


def shift_bias(integer: bytes, steps: int) -> bytes:
    """The last layer's bias for class 2, `steps` int32 steps higher."""
    graph = parse_model(integer, "small")
    bias = weighted_layers(graph)[-1].bias
    assert bias is not None
    values = graph.tensors[bias].array.copy()
    values[2] += steps
    return write_constants(integer, {bias: values})
