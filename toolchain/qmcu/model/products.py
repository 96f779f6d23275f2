"""SQUARE and NEG of a float graph as products, before it is quantized.

TensorFlow's quantizer has neither in integers, and they would stay in real numbers between a
DEQUANTIZE and a QUANTIZE, as in every norm of rows or groups; a product has int8 and int16.
"""

from dataclasses import replace

import numpy as np

from qmcu.model.graph import Graph, Operator, Tensor

_KINDS = ("NEG", "SQUARE")


def with_products(graph: Graph) -> Graph:
    """The graph with x times x for SQUARE and x times -1 for NEG; itself where there is none."""
    found = [
        op
        for op in graph.operators
        if op.kind in _KINDS and graph.tensors[op.inputs[0]].dtype == "float32"
    ]
    if not found:
        return graph
    minus = len(graph.tensors)
    one = Tensor(minus, "minus_one", (), "float32", None, np.float32(-1).tobytes())
    products = {
        op.index: replace(
            op, kind="MUL", version=1, options={"fused_activation_function": "NONE"},
            inputs=(op.inputs[0], op.inputs[0] if op.kind == "SQUARE" else minus),
        )
        for op in found
    }  # fmt: skip
    operators: tuple[Operator, ...] = tuple(products.get(op.index, op) for op in graph.operators)
    negates = any(op.kind == "NEG" for op in found)
    tensors = (*graph.tensors, one) if negates else graph.tensors
    return replace(graph, tensors=tensors, operators=operators)
