"""SQUARE and NEG as products."""

import numpy as np
import pytest

from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.products import with_products
from qmcu.model.writer import write_model

X = np.linspace(-3, 3, 8, dtype=np.float32).reshape(1, 8)


def _graph(kind: str) -> Graph:
    tensors = tuple(Tensor(i, f"t{i}", (1, 8), "float32") for i in range(3))
    operators = (Operator(0, kind, (0,), (1,)), Operator(1, "RELU", (1,), (2,)))
    return Graph("m", tensors, operators, (0,), (2,))


@pytest.mark.parametrize("kind", ["NEG", "SQUARE"])
def test_a_product_gives_the_same_numbers(kind: str) -> None:
    graph = _graph(kind)
    products = with_products(graph)
    assert [op.kind for op in products.operators] == ["MUL", "RELU"]
    (found,), (expected,) = (Oracle(write_model(g)).run([X]) for g in (products, graph))
    assert np.array_equal(found, expected)


def test_a_graph_without_them_stays() -> None:
    graph = _graph("TANH")
    assert with_products(graph) is graph
