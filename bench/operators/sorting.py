"""Random graphs of operators that sort elements and slices: TOPK_V2, BUCKETIZE, SCATTER_ND."""

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


def scatter_nd(rng: Rng, dtype: str = "int8") -> Graph:
    """1 to 3 numbers a place, constant or not, places that are met twice and never."""
    shape = tuple(int(n) for n in rng.integers(1, 6, size=int(rng.integers(1, 5))))
    depth = int(rng.integers(1, min(3, len(shape)) + 1))
    places = tuple(int(n) for n in rng.integers(1, 5, size=int(rng.integers(1, 3))))
    grid = None if dtype == "int32" else quantization_of(rng, dtype)
    operator = SingleOperator("SCATTER_ND")
    if chance(rng, 0.5):
        found = rng.integers(0, shape[:depth], (*places, depth))
        operator.constant("indices", found.astype(np.int32))
    else:
        operator.input((*places, depth), None, "int32")
    operator.input((*places, *shape[depth:]), grid, dtype)
    operator.constant("shape", np.array(shape, np.int32))
    return operator.graph((shape, grid), dtype=dtype)


def segment_sum(rng: Rng, kind: str, dtype: str = "float32") -> Graph:
    """1 to 9 rows; of UNSORTED_SEGMENT_SUM also segments in any order, computed ones too."""
    count, rows = int(rng.integers(1, 6)), int(rng.integers(1, 10))
    slices = tuple(int(n) for n in rng.integers(1, 5, size=int(rng.integers(0, 3))))
    found = rng.integers(0, count, rows)
    unsorted = kind != "SEGMENT_SUM"
    if not unsorted:
        found = np.cumsum(rng.integers(0, 2, rows))
        found -= found[0]
        count = int(found[-1]) + 1
    operator = SingleOperator(kind)
    operator.input((rows, *slices), None, dtype)
    if unsorted and chance(rng, 0.5):
        operator.input((rows,), None, "int32")
    else:
        operator.constant("segments", found.astype(np.int32))
    if unsorted:
        operator.constant("count", np.array(count, np.int32))
    return operator.graph(((count, *slices), None), dtype=dtype)
