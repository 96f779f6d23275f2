"""Operators that tflite-micro lacks and that others of its own compute exactly, as those.

ONE_HOT compares; REVERSE_SEQUENCE, MATRIX_DIAG and MATRIX_SET_DIAG are one GATHER; RELU_N1_TO_1 and
RELU_0_TO_1 are a MAXIMUM and a MINIMUM. Tensors keep their indices.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from qmcu.model.graph import Graph, Operator, OptionValue
from qmcu.model.one_hot import compared
from qmcu.model.rewriting import Form, GraphMaker
from qmcu.types import Array

# More places than this are no constant any more.
_MOST_PLACES = 1 << 16
_OPERANDS = {
    "MATRIX_DIAG": 1, "MATRIX_SET_DIAG": 2, "ONE_HOT": 4, "RELU_0_TO_1": 1, "RELU_N1_TO_1": 1,
    "REVERSE_SEQUENCE": 2,
}  # fmt: skip
_BOUNDS = {"RELU_N1_TO_1": (-1.0, 1.0), "RELU_0_TO_1": (0.0, 1.0)}


def write_others(graph: Graph) -> Graph:
    """The graph with such operators written out; itself where there are none."""
    if not any(op.kind in _FORMS for op in graph.operators):
        return graph
    maker, changed = GraphMaker(graph), False
    number = max(op.index for op in graph.operators)
    for op in graph.operators:
        begin = len(maker.operators)
        if not _has_form(op) or not _FORMS[op.kind](maker, graph, op):
            maker.operators[begin:] = [op]
            continue
        changed = True
        *before, last = maker.operators[begin:]
        numbered = [replace(o, index=number + i) for i, o in enumerate(before, 1)]
        number += len(before)
        maker.operators[begin:] = [*numbered, replace(last, index=op.index)]
    if not changed:
        return graph
    return replace(graph, tensors=tuple(maker.tensors), operators=tuple(maker.operators))


def is_written(graph: Graph, op: Operator) -> bool:
    """Whether the operator has such a form."""
    return _has_form(op) and _FORMS[op.kind](GraphMaker(graph), graph, op)


def _has_form(op: Operator) -> bool:
    """Whether it is one of them and has its operands."""
    present = len(op.inputs) == _OPERANDS.get(op.kind) and min(op.inputs) >= 0
    return present and len(op.outputs) == 1


def _numbered(shape: tuple[int, ...]) -> Array:
    return np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)


def _gathered(maker: GraphMaker, source: int, places: Array, result: int) -> None:
    """`result` as elements of the flat tensor `source`."""
    flat = maker.like(result, (places.size,))
    constant = maker.constant(places.reshape(-1).astype(np.int32))
    maker.write("GATHER", (source, constant), flat, {"axis": 0, "batch_dims": 0})
    maker.reshape(flat, result)


def _joined(maker: GraphMaker, *parts: int) -> int:
    """The flat elements of tensors, one after the other."""
    flat = []
    for part in parts:
        size = int(np.prod(maker.tensors[part].shape))
        flat.append(maker.like(part, (size,)))
        maker.reshape(part, flat[-1])
    total = sum(maker.tensors[i].shape[0] for i in flat)
    whole = maker.like(flat[0], (total,))
    options: Mapping[str, OptionValue] = {"axis": 0, "fused_activation_function": "NONE"}
    maker.write("CONCATENATION", tuple(flat), whole, options)
    return whole


def _alike(graph: Graph, *indices: int) -> bool:
    tensors = [graph.tensors[i] for i in indices]
    grids = {(t.dtype, t.quantization) for t in tensors}
    return len(grids) == 1 and all(not t.is_constant for t in tensors)


def _reverse_sequence(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    """By constant lengths: the first of each sequence backwards, the rest as it is."""
    source, lengths = (graph.tensors[i] for i in op.inputs)
    along, batch = (op.options.get(name, 0) for name in ("seq_dim", "batch_dim"))
    rank = len(source.shape)
    fits = isinstance(along, int) and isinstance(batch, int) and along != batch
    if not fits or not lengths.is_constant or not _alike(graph, op.inputs[0], op.outputs[0]):
        return False
    assert isinstance(along, int) and isinstance(batch, int)
    if not (0 <= along < rank and 0 <= batch < rank) or source.elements > _MOST_PLACES:
        return False
    counts = lengths.array.reshape(-1).astype(np.int64)
    if counts.size != source.shape[batch] or graph.tensors[op.outputs[0]].shape != source.shape:
        return False
    if (counts < 0).any() or (counts > source.shape[along]).any():
        return False
    numbers = np.moveaxis(_numbered(source.shape), (batch, along), (0, 1))
    turned = numbers.copy()
    for row, count in enumerate(counts):
        turned[row, :count] = numbers[row, :count][::-1]
    places = np.moveaxis(turned, (0, 1), (batch, along))
    flat = maker.like(op.inputs[0], (source.elements,))
    maker.reshape(op.inputs[0], flat)
    _gathered(maker, flat, places, op.outputs[0])
    return True


def _diagonal(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    """Matrices with the vectors on their diagonals: zeros elsewhere, bytes of 0 as LiteRT's."""
    source, target = graph.tensors[op.inputs[0]], graph.tensors[op.outputs[0]]
    length = source.shape[-1] if source.shape else 0
    if not _alike(graph, op.inputs[0], op.outputs[0]) or target.elements > _MOST_PLACES:
        return False
    if not length or target.shape != (*source.shape, length):
        return False
    zero = maker.like(op.inputs[0], (1,))
    data = np.zeros(1, source.dtype).tobytes()
    maker.tensors[zero] = replace(maker.tensors[zero], data=data)
    places = np.full((source.elements // length, length, length), source.elements, np.int32)
    every = np.arange(length)
    places[:, every, every] = _numbered((source.elements // length, length))
    _gathered(maker, _joined(maker, op.inputs[0], zero), places, op.outputs[0])
    return True


def _with_diagonal(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    """Matrices whose diagonals are the vectors."""
    source, diagonal = (graph.tensors[i] for i in op.inputs)
    target = graph.tensors[op.outputs[0]]
    if not _alike(graph, *op.inputs, op.outputs[0]) or target.elements > _MOST_PLACES:
        return False
    if len(source.shape) < 2 or target.shape != source.shape:
        return False
    length = min(source.shape[-2:])
    if diagonal.shape != (*source.shape[:-2], length):
        return False
    places = _numbered((source.elements // int(np.prod(source.shape[-2:])), *source.shape[-2:]))
    every = np.arange(length)
    places[:, every, every] = source.elements + _numbered((len(places), length))
    _gathered(maker, _joined(maker, *op.inputs), places, op.outputs[0])
    return True


def _bounded(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    """Of real numbers, and of int8 that keeps its grid: the bounds are rounded to it."""
    source, target = graph.tensors[op.inputs[0]], graph.tensors[op.outputs[0]]
    if not _alike(graph, op.inputs[0], op.outputs[0]) or source.shape != target.shape:
        return False
    grid = source.quantization
    if source.dtype not in ("float32", "int8") or (source.dtype == "int8" and grid is None):
        return False
    found = op.inputs[0]
    for kind, bound in zip(("MAXIMUM", "MINIMUM"), _BOUNDS[op.kind], strict=True):
        limit: Array = np.array([bound], np.float32)
        if source.dtype == "int8":
            assert grid is not None
            # Ties away from zero, and within the type, as bounds of activations are.
            steps = np.float32(bound) / np.float32(grid.scale)
            whole = int(np.copysign(np.floor(np.abs(np.float64(steps)) + 0.5), steps))
            limit = np.array([min(max(whole + grid.zero_point, -128), 127)], np.int8)
        constant = maker.like(op.inputs[0], (1,))
        maker.tensors[constant] = replace(maker.tensors[constant], data=limit.tobytes())
        if kind == "MAXIMUM":
            found = maker.add(kind, (found, constant), op.inputs[0], {})
        else:
            maker.write(kind, (found, constant), op.outputs[0], {})
    return True


_FORMS: Mapping[str, Form] = {
    "MATRIX_DIAG": _diagonal,
    "MATRIX_SET_DIAG": _with_diagonal,
    "ONE_HOT": compared,
    "RELU_0_TO_1": _bounded,
    "RELU_N1_TO_1": _bounded,
    "REVERSE_SEQUENCE": _reverse_sequence,
}
