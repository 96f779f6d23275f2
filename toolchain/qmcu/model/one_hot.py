"""ONE_HOT, which tflite-micro lacks, as a comparison with each place."""

import numpy as np

from qmcu.model.graph import Graph, Operator
from qmcu.model.rewriting import GraphMaker, rewritten


def without_one_hot(graph: Graph) -> Graph:
    """The graph with RESHAPE and EQUAL, and SELECT_V2 between numbers, for each ONE_HOT.

    Along the last axis, between constants; others stay. The graph itself where there is none.
    """
    return rewritten(graph, {"ONE_HOT": _compared})


def _compared(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    places, depth, on, off = (graph.tensors[i] for i in op.inputs)
    last = op.options.get("axis", -1) in (-1, len(places.shape))
    fixed = all(t.is_constant for t in (depth, on, off))
    if not last or not fixed or places.dtype not in ("int32", "int64"):
        return False
    result = graph.tensors[op.outputs[0]]
    column = maker.like(places.index, (*places.shape, 1))
    maker.reshape(places.index, column)
    row = maker.constant(np.arange(int(depth.array.item()), dtype=places.dtype))
    plain = on.dtype == "bool" and bool(on.array.all()) and not off.array.any()
    met = result.index if plain else maker.like(result.index, result.shape, "bool")
    maker.write("EQUAL", (column, row), met, {})
    if not plain:
        maker.write("SELECT_V2", (met, on.index, off.index), result.index, {})
    return True
