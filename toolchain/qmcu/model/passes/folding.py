"""Constant folding: integers that follow from constants and from shapes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from qmcu.model.decoding import DECODE, decode
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.passes.evaluation import evaluate
from qmcu.model.passes.shapes import inferred, reshaped
from qmcu.types import Array

_WHOLE = ("int32", "int64", "bool")
# Operators that write the variables among their inputs.
UPDATING = frozenset({"SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"})
# Variables that stay what they were are made here; larger ones no board holds.
_MOST_FROZEN_BYTES = 256 << 20


def fold_constants(graph: Graph) -> Graph:
    """Operators with constant inputs become constants, and with them what reads those.

    Where a shape that was open in the file becomes known so, what follows gets its shape too.
    """
    tensors = list(graph.tensors)
    _freeze_variables(graph, tensors)
    kept, moved = [], set[int]()
    for operator in graph.operators:
        if not _fit_shapes(operator, tensors, moved):
            return graph
        values = _values(operator, tensors)
        if values is None:
            kept.append(operator)
            continue
        for index, value in values.items():
            tensors[index] = replace(tensors[index], data=value)
    if moved.intersection(graph.outputs):
        # Inputs and outputs are as the file has them.
        return graph
    if len(kept) == len(graph.operators) and all(
        new is old for new, old in zip(tensors, graph.tensors, strict=True)
    ):
        return graph
    return replace(graph, tensors=tuple(tensors), operators=tuple(kept))


def _fit_shapes(operator: Operator, tensors: list[Tensor], moved: set[int]) -> bool:
    """Give the output its shape where that is not the file's; False where it is not known."""
    shape = reshaped(operator, tensors) if operator.outputs else None
    if shape is None:
        if moved.isdisjoint(operator.inputs):
            return True
        if operator.kind in ("SHAPE", "RANK"):
            return True
        shape = inferred(operator, tensors)
        if shape is None:
            return False
    index = operator.outputs[0]
    if shape != tensors[index].shape:
        tensors[index] = replace(tensors[index], shape=shape)
        moved.add(index)
    return True


def _values(operator: Operator, tensors: list[Tensor]) -> Mapping[int, bytes] | None:
    """The outputs' bytes by tensor, or None when they are not known."""
    outputs = [tensors[i] for i in operator.outputs]
    if not outputs or any(t.is_variable for t in outputs):
        return None
    if operator.kind in ("SHAPE", "RANK") and operator.inputs and operator.inputs[0] >= 0:
        # A tensor's shape is known even where its values are not.
        if outputs[0].dtype not in _WHOLE:
            return None
        shape = tensors[operator.inputs[0]].shape
        found: Array = np.array(shape if operator.kind == "SHAPE" else len(shape))
        results: list[Array] | None = [found.astype(np.dtype(outputs[0].dtype))]
    else:
        inputs = [tensors[i] if i >= 0 else None for i in operator.inputs]
        if not all(t is not None and t.is_constant and t.dtype != "int4" for t in inputs):
            return None
        if operator.kind == DECODE:
            decoded = decode([t for t in inputs if t is not None], outputs)
            return _bytes_of(outputs, decoded)
        arrays = [t.array for t in inputs if t is not None]
        if operator.kind == "CAST":
            evaluated = _cast(arrays[0], outputs[0].dtype)
        else:
            evaluated = evaluate(operator, arrays)
        results = None if evaluated is None else list(evaluated)
    if results is None or len(results) != len(outputs):
        return None
    found_bytes = {}
    for tensor, result in zip(outputs, results, strict=True):
        # What does not fit the file's own type and shape is left to the checks of the compiler.
        if result.dtype.name != tensor.dtype or result.size != tensor.elements:
            return None
        if not _same_grid(tensor, [tensors[i] for i in operator.inputs if i >= 0]):
            return None
        found_bytes[tensor.index] = np.ascontiguousarray(result).tobytes()
    return found_bytes


def _bytes_of(outputs: list[Tensor], values: list[Array] | None) -> Mapping[int, bytes] | None:
    if values is None:
        return None
    return {t.index: v.tobytes() for t, v in zip(outputs, values, strict=True)}


def _cast(values: Array, dtype: str) -> Sequence[Array] | None:
    known = values.dtype.name in _WHOLE and dtype in _WHOLE
    return [values.astype(np.dtype(dtype))] if known else None


def _same_grid(output: Tensor, inputs: list[Tensor]) -> bool:
    """Bytes of quantized tensors may be moved only where nothing rescales them."""
    if output.dtype in ("int32", "int64", "bool", "float32"):
        return True
    moved = [t.quantization for t in inputs if t.dtype == output.dtype]
    return all(
        (q is None and output.quantization is None)
        or (
            q is not None
            and output.quantization is not None
            and q.scales == output.quantization.scales
            and q.zero_points == output.quantization.zero_points
        )
        for q in moved
    )


def _freeze_variables(graph: Graph, tensors: list[Tensor]) -> None:
    """A variable that no operator updates keeps its first value for ever."""
    updated = {
        i
        for op in graph.operators
        if op.kind in UPDATING or op.kind.startswith("CUSTOM")
        for i in (*op.inputs, *op.outputs)
        if i >= 0
    }
    left = _MOST_FROZEN_BYTES
    for index in sorted(graph.used):
        tensor = tensors[index]
        if tensor.is_variable and index not in updated and tensor.size <= left:
            left -= tensor.size
            first = 0
            if tensor.dtype == "int8" and tensor.quantization is not None:
                first = tensor.quantization.zero_point & 0xFF
            data = bytes([first]) * tensor.size
            tensors[index] = replace(tensor, data=data, is_variable=False)
