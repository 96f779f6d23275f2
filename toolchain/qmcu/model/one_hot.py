"""ONE_HOT, which tflite-micro lacks, as a comparison with each place."""

from dataclasses import replace

import numpy as np

from qmcu.model.graph import Graph, Operator, Tensor, without_unused


def without_one_hot(graph: Graph) -> Graph:
    """The graph with RESHAPE and EQUAL, and SELECT_V2 between numbers, for each ONE_HOT.

    Along the last axis, between constants; others stay. The graph itself where there is none.
    """
    tensors: list[Tensor] = list(graph.tensors)
    operators: list[Operator] = []
    for op in graph.operators:
        if op.kind == "ONE_HOT" and _is_plain(graph, op):
            operators += _compared(graph, op, tensors)
        else:
            operators.append(op)
    if len(tensors) == len(graph.tensors):
        return graph
    numbered = tuple(replace(op, index=i) for i, op in enumerate(operators))
    return without_unused(replace(graph, tensors=tuple(tensors), operators=numbered))


def _is_plain(graph: Graph, op: Operator) -> bool:
    places, *values = (graph.tensors[i] for i in op.inputs)
    last = op.options.get("axis", -1) in (-1, len(places.shape))
    return last and places.dtype in ("int32", "int64") and all(t.is_constant for t in values)


def _compared(graph: Graph, op: Operator, tensors: list[Tensor]) -> list[Operator]:
    places, depth, on, off = (graph.tensors[i] for i in op.inputs)
    result = graph.tensors[op.outputs[0]]
    shape = (*places.shape, 1)

    def add(role: str, like: Tensor, data: bytes | None = None) -> int:
        index = len(tensors)
        name = f"{result.name}/{role}"
        tensors.append(replace(like, index=index, name=name, quantization=None, data=data))
        return index

    size = np.array(shape, np.int32)
    each = np.arange(int(depth.array.item()), dtype=places.dtype)
    target = add("shape", Tensor(0, "", size.shape, "int32"), size.tobytes())
    column = add("places", replace(places, shape=shape))
    row = add("each", Tensor(0, "", each.shape, places.dtype), each.tobytes())
    plain = on.dtype == "bool" and bool(on.array.all()) and not off.array.any()
    met = result.index if plain else add("met", replace(result, dtype="bool"))
    operators = [
        Operator(0, "RESHAPE", (places.index, target), (column,), {"new_shape": shape}),
        Operator(0, "EQUAL", (column, row), (met,)),
    ]
    if not plain:
        chosen = (met, on.index, off.index)
        operators.append(Operator(0, "SELECT_V2", chosen, (result.index,)))
    return operators
