"""Weights that a file stores smaller than it computes, as the float32 numbers that they stand for.

TensorFlow's converter writes int8 or int4 weights under float32 activations ("dynamic range") and
float16 weights; a runtime for computers makes real numbers of them, tflite-micro has no such
kernels.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from qmcu.model.graph import Graph, Operator, Tensor, without_unused

_INTEGERS = ("int4", "int8", "uint8")
# What weights are stored as that are real numbers.
STORED = (*_INTEGERS, "float16")
_MULTIPLY = frozenset(
    {
        "BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "SVDF",
        "TRANSPOSE_CONV", "UNIDIRECTIONAL_SEQUENCE_LSTM",
    }
)  # fmt: skip


def hybrid_operators(graph: Graph) -> list[Operator]:
    """The operators that multiply float32 activations by integer weights, for float32 results."""
    return [
        op
        for op in graph.operators
        if op.kind in _MULTIPLY
        and all(graph.tensors[i].dtype == "float32" for i in op.outputs)
        and any(t.dtype == "float32" and not t.is_constant for t in _read(graph, op))
        and any(t.dtype in _INTEGERS and t.is_constant and t.quantization for t in _read(graph, op))
    ]


def half_operators(graph: Graph) -> list[Operator]:
    """The operators that read float16 weights, most of them DEQUANTIZE."""
    return [
        op
        for op in graph.operators
        if any(t.dtype == "float16" and t.is_constant for t in _read(graph, op))
    ]


def has_real_activations(graph: Graph) -> bool:
    """True of a file whose weights are integers under float32 activations ("dynamic range")."""
    activations = [graph.tensors[i] for i in graph.used if not graph.tensors[i].is_constant]
    if any(t.quantization and t.dtype in ("int8", "uint8", "int16") for t in activations):
        return False
    return bool(hybrid_operators(without_dequantized(graph)))


def without_dequantized(graph: Graph) -> Graph:
    """The graph whose operators read integer weights themselves, not what DEQUANTIZE makes of them;
    operators are numbered anew.
    """
    stored = {
        op.outputs[0]: op.inputs[0]
        for op in graph.operators
        if op.kind == "DEQUANTIZE"
        and graph.tensors[op.inputs[0]].is_constant
        and graph.tensors[op.inputs[0]].dtype in _INTEGERS
        and op.outputs[0] not in graph.outputs
    }
    if not stored:
        return graph
    kept = [op for op in graph.operators if op.outputs[0] not in stored]
    operators = (
        replace(op, index=k, inputs=tuple(stored.get(i, i) for i in op.inputs))
        for k, op in enumerate(kept)
    )
    return replace(graph, operators=tuple(operators))


def with_real_weights(graph: Graph) -> Graph:
    """The graph with all stored weights as float32 constants; the same one where there are none.

    A graph with integer activations is left alone: its weights are integers for its kernels.
    """
    activations = [graph.tensors[i] for i in graph.used if not graph.tensors[i].is_constant]
    if any(t.quantization and t.dtype in ("int8", "uint8", "int16") for t in activations):
        return graph
    hybrid = {t.index for op in hybrid_operators(graph) for t in _read(graph, op)}
    changed = {
        t.index: _real(t)
        for t in graph.tensors
        if t.is_constant
        and t.dtype in STORED
        and (t.dtype == "float16" or t.index in hybrid or _is_dequantized(graph, t))
        and (t.dtype == "float16" or t.quantization)
    }
    if not changed:
        return graph
    tensors = [changed.get(t.index, t) for t in graph.tensors]
    operators: list[Operator] = []
    for op in graph.operators:
        if op.kind == "DEQUANTIZE" and op.inputs[0] in changed:
            values = changed[op.inputs[0]]
            tensors[op.outputs[0]] = replace(
                graph.tensors[op.outputs[0]], data=values.data, quantization=None
            )
        else:
            operators.append(replace(op, index=len(operators)))
    result = replace(graph, tensors=tuple(tensors), operators=tuple(operators))
    return without_unused(result)


def _read(graph: Graph, op: Operator) -> Iterator[Tensor]:
    return (graph.tensors[i] for i in op.inputs if i >= 0)


def _is_dequantized(graph: Graph, tensor: Tensor) -> bool:
    return any(op.kind == "DEQUANTIZE" and op.inputs[0] == tensor.index for op in graph.operators)


def _real(tensor: Tensor) -> Tensor:
    data = np.ascontiguousarray(tensor.real, "<f4").tobytes()
    return replace(tensor, dtype="float32", quantization=None, data=data)
