"""What a graph does to values, step by step, apart from moving them.

A sum with weights, the addition or the product of a constant, an activation, a function. Converters
write one network in many ways: a bias in its layer or as an ADD behind a RESHAPE, padding in a
convolution or apart, a convolution of one channel as a depthwise one, real numbers around what has
no integer form. Their steps are the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qmcu.backdoor.grids.simulation import VIEWS
from qmcu.backdoor.networks import CHANNEL_AXES, LSTM, PARAMETERS
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.types import Float32Array

# Operators that move values, or change how they are written, and no value.
_MOVES = {
    *VIEWS, "BATCH_TO_SPACE_ND", "DEQUANTIZE", "PACK", "PAD", "PARTS", "QUANTIZE", "REVERSE_V2",
    "SLICE", "SPACE_TO_BATCH_ND", "SPLIT", "SPLIT_V", "STRIDED_SLICE", "TRANSPOSE", "UNPACK",
}  # fmt: skip
_ADDS, _SCALES = {"ADD", "SUB"}, {"MUL", "DIV"}


@dataclass(frozen=True, eq=False)
class Step:
    """One step: `kind` "sum", "add", "scale", or an operator's or activation's name; `operator` has
    it. A constant is `values`, float32, a sum's as [outputs, rest]; `tensor` is its index.
    """

    kind: str
    operator: Operator
    values: Float32Array | None = None
    tensor: int = -1

    @property
    def key(self) -> tuple[Any, ...]:
        """What an equal step of another graph has as well."""
        if self.values is None:
            return (self.kind,)
        return (self.kind, self.values.shape if self.kind == "sum" else self.values.size)

    def __str__(self) -> str:
        if self.values is not None:
            return f"{self.operator} of {list(self.values.shape)} constants"
        inside = "" if self.kind == self.operator.kind else f"{self.kind} in "
        return f"{inside}{self.operator}"


def read_steps(graph: Graph) -> Iterator[Step]:
    """A graph's steps in the order of its operators; without a softmax at the end."""
    last = graph.operators[-1]
    for op in graph.operators:
        if op.kind in _MOVES or (op is last and op.kind == "SOFTMAX") or _picks(graph, op):
            continue
        yield from _steps(graph, op)
        activation = op.options.get("fused_activation_function", "NONE")
        if activation != "NONE" and op.kind != LSTM:
            yield Step(str(activation), op)


def _picks(graph: Graph, op: Operator) -> bool:
    """True where values are taken from constant places."""
    return op.kind == "GATHER" and graph.tensors[op.inputs[1]].is_constant


def _steps(graph: Graph, op: Operator) -> Iterator[Step]:
    constants = [
        i for i in op.inputs[:2]
        if i >= 0 and graph.tensors[i].is_constant and not _is_index(graph.tensors[i])
    ]  # fmt: skip
    if op.kind == LSTM:
        for place in PARAMETERS:
            index = op.inputs[place]
            if index >= 0 and graph.tensors[index].is_constant:
                yield Step(f"{LSTM} {place}", op, graph.tensors[index].real, index)
    elif (op.kind in CHANNEL_AXES or op.kind == "BATCH_MATMUL") and constants:
        yield Step("sum", op, as_rows(op, graph.tensors[constants[0]].real), constants[0])
        bias = op.inputs[2] if op.kind in CHANNEL_AXES and len(op.inputs) > 2 else -1
        if bias >= 0 and graph.tensors[bias].is_constant:
            yield Step("add", op, _bias(graph, op, bias), bias)
    elif op.kind in _ADDS | _SCALES and constants:
        values = graph.tensors[constants[0]].real
        if op.inputs[0] != constants[0] and op.kind == "SUB":
            values = -values
        if op.inputs[0] != constants[0] and op.kind == "DIV":
            values = np.float32(1) / values
        first = op.inputs[0] == constants[0] and op.kind in ("SUB", "DIV")
        kind = op.kind if first else "add" if op.kind in _ADDS else "scale"
        yield Step(kind, op, values, constants[0])
    elif constants and len(constants) < len(op.inputs):
        yield Step(op.kind, op, graph.tensors[constants[0]].real, constants[0])
    else:
        yield Step("MEAN" if _is_whole(graph, op) else op.kind, op)


def _is_index(tensor: Tensor) -> bool:
    return tensor.dtype in ("int32", "int64", "bool") and tensor.quantization is None


def _is_whole(graph: Graph, op: Operator) -> bool:
    """A pool over the whole image is a mean."""
    if op.kind != "AVERAGE_POOL_2D":
        return False
    shape = graph.tensors[op.outputs[0]].shape
    return shape[1:3] == (1, 1) and graph.tensors[op.inputs[0]].shape[1:3] == (
        op.options["filter_height"], op.options["filter_width"],
    )  # fmt: skip


def _bias(graph: Graph, op: Operator, index: int) -> Float32Array:
    """A layer's bias in real numbers: in steps of its input's scale times its weights'."""
    tensor = graph.tensors[index]
    if tensor.dtype == "float32":
        return np.asarray(tensor.array, np.float32)
    given, weights = graph.tensors[op.inputs[0]].quantization, graph.tensors[op.inputs[1]]
    if given is None or weights.quantization is None:
        return graph.tensors[index].real
    steps = given.scale * np.array(weights.quantization.scales)
    return np.asarray(tensor.array.reshape(-1) * steps, np.float32)


def as_rows(op: Operator, weights: Float32Array) -> Float32Array:
    """Weights as [outputs, rest], whatever the operator's layout of them is."""
    if op.kind == "BATCH_MATMUL":
        second = weights if bool(op.options.get("adj_y", False)) else np.swapaxes(weights, -1, -2)
        return np.asarray(second, np.float32).reshape(-1, second.shape[-1])
    axis = CHANNEL_AXES[op.kind]
    return np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)


def from_rows(op: Operator, rows: Float32Array, shape: tuple[int, ...]) -> Float32Array:
    """The inverse, in the layout of `shape`."""
    if op.kind == "BATCH_MATMUL":
        adjoint = bool(op.options.get("adj_y", False))
        swapped = shape if adjoint else (*shape[:-2], shape[-1], shape[-2])
        second = rows.reshape(swapped)
        return np.ascontiguousarray(second if adjoint else np.swapaxes(second, -1, -2))
    axis = CHANNEL_AXES[op.kind]
    moved = (shape[axis], *(n for i, n in enumerate(shape) if i != axis))
    return np.ascontiguousarray(np.moveaxis(rows.reshape(moved), 0, axis))


def fold_steps(steps: Sequence[Step], graph: Graph) -> Iterator[Step]:
    """The steps with products and additions right behind a sum taken into it, as of normalization.

    Only where nothing else reads what lies between.
    """
    readers = [i for op in graph.operators for i in op.inputs]
    kept: list[Step] = []
    for step in steps:
        total = _open_sum(kept)
        values = step.values
        single = bool(kept) and readers.count(kept[-1].operator.outputs[0]) < 2
        if total is None or values is None or step.kind not in ("add", "scale") or not single:
            kept.append(step)
            continue
        weights = kept[total].values
        assert weights is not None
        row = np.asarray(values, np.float32).reshape(-1)
        if row.size not in (1, len(weights)):
            kept.append(step)
            continue
        row = np.broadcast_to(row, len(weights))
        bias = kept[total + 1].values if len(kept) > total + 1 else np.zeros(len(row), np.float32)
        assert bias is not None
        if step.kind == "scale":
            kept[total] = replace(
                kept[total], values=weights * row[:, None], operator=step.operator
            )
            row = bias.reshape(-1) * row
        else:
            row = bias.reshape(-1) + row
        kept[total + 1 :] = [Step("add", step.operator, np.asarray(row, np.float32))]
    yield from kept


def _open_sum(kept: Sequence[Step]) -> int | None:
    """Where the sum stands that the last steps belong to, None where there is none."""
    for back in (1, 2):
        if len(kept) >= back and kept[-back].kind == "sum":
            return len(kept) - back
        if len(kept) >= back and kept[-back].kind != "add":
            return None
    return None
