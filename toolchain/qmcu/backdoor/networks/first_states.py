"""A graph without what its initial states alone decide.

A recurrent layer whose steps are written out begins with zeros: FILL where the batch is free in the
file, constants where it is not. The first step multiplies and adds them, and converters compute
some of that beforehand, a float model's more than an int8 file's. Here all of it is computed, in
real numbers, and is constant; what a quantized tensor holds is put on its own grid, so that a state
that somebody edited is a constant of the file's as any other.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from qmcu.backdoor.networks.operators import OPERATORS, apply_activation
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.passes import operators_for
from qmcu.tensorflow import load_tensorflow


def with_known_states(graph: Graph, operators: Iterable[Operator]) -> Graph:
    """The graph with those of the operators that see an input; the others' results are constants.

    Looked at is what comes of FILL and of products with zeros, and no other constant: weights that
    are stored in another type stay as they are.
    """
    tensors = list(graph.tensors)
    written: list[Operator] = []
    known: set[int] = set()
    for op in operators:
        values = _values_of(replace(graph, tensors=tuple(tensors)), op, known)
        if values is None or set(op.outputs) & set(graph.outputs):
            written.append(op)
            continue
        for index, made in zip(op.outputs, values, strict=True):
            tensors[index] = _constant(tensors[index], np.asarray(made, np.float32))
            known.add(index)
    if not known:
        return replace(graph, operators=tuple(written))
    # A gate of a state that is zero does nothing, and nobody reads it.
    kept = operators_for(graph.outputs, written)
    return replace(graph, operators=kept, tensors=tuple(tensors))


def _values_of(graph: Graph, op: Operator, known: set[int]) -> list[Any] | None:
    """An operator's results where they are known: real numbers, one array for each output."""
    made = graph.tensors[op.outputs[0]]
    if made.dtype not in ("float32", "int8", "int16") or made.shape[:1] != (1,):
        return None
    constant = [graph.tensors[i].is_constant for i in op.inputs if i >= 0]
    if op.kind == "FILL" and graph.tensors[op.inputs[1]].is_constant:
        value = graph.tensors[op.inputs[1]].real.reshape(-1)
        return [np.full(made.shape, value[0], np.float32)]
    if op.kind == "MUL" and any(_is_zero(graph.tensors[i]) for i in op.inputs):
        return [np.zeros(made.shape, np.float32)]
    if not set(op.inputs) & known or not all(constant) or op.kind not in OPERATORS:
        return None
    return _computed(graph, op)


def _computed(graph: Graph, op: Operator) -> list[Any]:
    tf = load_tensorflow()
    operands = [tf.constant(_real(graph.tensors[i])) for i in op.inputs if i >= 0]
    parameters = {op.index: (operands[1], _bias(graph, op))} if len(operands) > 1 else {}
    result = OPERATORS[op.kind](tf, graph, op, operands, parameters)
    several = result if len(op.outputs) > 1 else [result]
    return [apply_activation(tf, op, values).numpy() for values in several]


def _real(tensor: Tensor) -> Any:
    return tensor.array if tensor.dtype in ("int32", "int64") else tensor.real


def _bias(graph: Graph, op: Operator) -> Any:
    """In steps of the input's scale times the weights', as a kernel takes it; 0 without one."""
    bias = graph.operand(op, 2)
    if bias is None or not bias.is_constant:
        return np.float32(0)
    if bias.dtype == "float32":
        return bias.array
    given, weights = (graph.tensors[i].quantization for i in op.inputs[:2])
    if given is None or weights is None:
        return bias.real
    steps = given.scale * np.array(weights.scales)
    return np.asarray(bias.array.reshape(-1) * steps, np.float32)


def _is_zero(tensor: Tensor) -> bool:
    return tensor.is_constant and tensor.dtype != "bool" and not tensor.real.any()


def _constant(tensor: Tensor, values: Any) -> Tensor:
    """The tensor with these real numbers, on its own grid if it has one."""
    values = values.reshape(tensor.shape)
    if tensor.dtype == "float32" or tensor.quantization is None:
        return replace(tensor, dtype="float32", quantization=None, data=values.tobytes())
    dtype = np.dtype(tensor.dtype)
    grid, ends = tensor.quantization, np.iinfo(dtype)
    places = np.round(values.astype(np.float64) / grid.scale) + grid.zero_point
    return replace(tensor, data=np.clip(places, ends.min, ends.max).astype(dtype).tobytes())
