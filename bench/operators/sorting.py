"""Random graphs of operators that compare elements: TOPK_V2 and BUCKETIZE."""

from dataclasses import replace

import numpy as np
from bench.operators.single import SingleOperator, chance, float32, pick, quantization_of

from qmcu.model.graph import Graph, Tensor

Rng = np.random.Generator


def top_k(rng: Rng, dtype: str = "int8") -> Graph:
    """Rows of 1 to 60, of which 1, a few or all are taken; long rows of bytes have ties."""
    leading = tuple(int(n) for n in rng.integers(1, 4, size=int(rng.integers(0, 4))))
    length = int(pick(rng, 1, 2, rng.integers(1, 12), rng.integers(1, 60)))
    count = int(pick(rng, 1, length, rng.integers(1, length + 1)))
    grid = None if dtype == "int32" else quantization_of(rng, dtype)
    operator = SingleOperator("TOPK_V2")
    operator.input((*leading, length), grid, dtype)
    operator.constant("count", np.array(pick(rng, count, [count]), np.int32))
    shape = (*leading, count)
    graph = operator.graph((shape, grid), dtype=dtype, version=2)
    return _with_places(graph, shape)


def _with_places(graph: Graph, shape: tuple[int, ...]) -> Graph:
    """The graph with a second output: places in int32."""
    places = Tensor(len(graph.tensors), "places", shape, "int32")
    outputs = (*graph.outputs, places.index)
    operator = replace(graph.operators[0], outputs=outputs)
    return replace(graph, tensors=(*graph.tensors, places), operators=(operator,), outputs=outputs)


def bucketize(rng: Rng, dtype: str = "float32") -> Graph:
    """1 to 40 boundaries, some of them equal, within the inputs and beyond them."""
    shape = tuple(int(n) for n in rng.integers(1, 8, size=int(rng.integers(1, 5))))
    spread = 4.0 if dtype == "float32" else 600.0
    found = rng.normal(0, spread, size=int(rng.integers(1, 40)))
    boundaries = np.sort(np.rint(found) if chance(rng, 0.6) else found)
    operator = SingleOperator("BUCKETIZE")
    operator.input(shape, None, dtype)
    options = {"boundaries": tuple(float32(b) for b in boundaries)}
    return operator.graph((shape, None), options=options, dtype="int32")
