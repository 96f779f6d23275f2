"""ONE_HOT, which tflite-micro lacks, as a comparison with each place."""

import numpy as np

from qmcu.model.graph import Graph, Operator
from qmcu.model.rewriting import GraphMaker, rewritten


def without_one_hot(graph: Graph) -> Graph:
    """The graph with RESHAPE and EQUAL, and SELECT_V2 between numbers, for each ONE_HOT.

    Between constants; others stay. The graph itself where there is none.
    """
    return rewritten(graph, {"ONE_HOT": compared})


def compared(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    """A form (rewriting.py): places in int32 or int64, against each place of the new axis."""
    if len(op.inputs) != 4 or min(op.inputs) < 0:
        return False
    places, depth, on, off = (graph.tensors[i] for i in op.inputs)
    axis, rank = op.options.get("axis", -1), len(places.shape)
    fixed = all(t.is_constant and t.elements == 1 for t in (depth, on, off))
    if not fixed or places.dtype not in ("int32", "int64") or not isinstance(axis, int):
        return False
    axis = rank if axis == -1 else axis
    result, count = graph.tensors[op.outputs[0]], int(depth.array.item())
    if not 0 <= axis <= rank or places.is_constant:
        return False
    if result.shape != (*places.shape[:axis], count, *places.shape[axis:]):
        return False
    column = maker.like(places.index, (*places.shape[:axis], 1, *places.shape[axis:]))
    maker.reshape(places.index, column)
    row = maker.constant(np.arange(count, dtype=places.dtype).reshape(count, *(1,) * (rank - axis)))
    plain = on.dtype == "bool" and bool(on.array.all()) and not off.array.any()
    met = result.index if plain else maker.like(result.index, result.shape, "bool")
    maker.write("EQUAL", (column, row), met, {})
    if not plain:
        maker.write("SELECT_V2", (met, on.index, off.index), result.index, {})
    return True
