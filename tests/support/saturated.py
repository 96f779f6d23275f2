"""Layers whose outputs saturate where rectified linear units do."""

from dataclasses import replace

from qmcu.model.graph import Graph


def saturated_below(graph: Graph) -> Graph:
    """The layer with RELU and the lowest zero point, so that many outputs saturate below."""
    (operator,) = graph.operators
    tensors = list(graph.tensors)
    target = tensors[graph.outputs[0]]
    assert target.quantization is not None
    lowest = replace(target.quantization, zero_points=(-128,))
    tensors[target.index] = replace(target, quantization=lowest)
    options = {**operator.options, "fused_activation_function": "RELU"}
    return replace(graph, tensors=tuple(tensors), operators=(replace(operator, options=options),))
