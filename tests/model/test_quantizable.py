"""Operators that are quantized, in place of those that are not: the same numbers."""

from collections.abc import Sequence

import numpy as np
import pytest

from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.quantizable import quantizable
from qmcu.model.writer import write_model
from qmcu.types import Array

X = np.linspace(0.25, 3, 8, dtype=np.float32).reshape(1, 8)


def _graph(kind: str, constants: Sequence[Array] = ()) -> Graph:
    """One operator on x, constants behind it, and a RELU."""
    given = tuple(
        Tensor(3 + i, f"c{i}", a.shape, str(a.dtype), None, a.tobytes())
        for i, a in enumerate(constants)
    )
    tensors = (
        Tensor(0, "x", X.shape, "float32"),
        Tensor(1, "y", X.shape, "float32"),
        Tensor(2, "z", X.shape, "float32"),
        *given,
    )
    inputs = (0, *range(3, 3 + len(given)))
    operators = (Operator(0, kind, inputs, (1,)), Operator(1, "RELU", (1,), (2,)))
    return Graph("m", tensors, operators, (0,), (2,))


def _found(graph: Graph) -> Array:
    return Oracle(write_model(graph)).run([X])[0]


@pytest.mark.parametrize("kind", ["NEG", "SQUARE"])
def test_a_product_gives_the_same_numbers(kind: str) -> None:
    graph = _graph(kind)
    products = quantizable(graph)
    assert [op.kind for op in products.operators] == ["MUL", "RELU"]
    assert np.array_equal(_found(products), _found(graph))


def test_zeros_are_a_constant() -> None:
    (relu,) = quantizable(_graph("ZEROS_LIKE")).operators
    assert relu.kind == "RELU"


@pytest.mark.parametrize(
    ("exponent", "kinds"),
    [
        (3.0, ["MUL", "MUL"]),
        (0.5, ["SQRT"]),
        (-0.5, ["RSQRT"]),
        (2.2, ["MAXIMUM", "LOG", "MUL", "EXP"]),
    ],
)
def test_powers(exponent: float, kinds: list[str]) -> None:
    graph = quantizable(_graph("POW", [np.array(exponent, np.float32)]))
    assert [op.kind for op in graph.operators] == [*kinds, "RELU"]
    np.testing.assert_allclose(_found(graph), X**exponent, rtol=1e-5)


def test_what_is_finite_is_taken_as_it_is() -> None:
    """TensorFlow's reduce_logsumexp chooses 0 where x - x is not 0."""
    zero = np.zeros((), np.float32)
    tensors = (
        *(Tensor(i, f"t{i}", X.shape, "float32") for i in (0, 1)),
        Tensor(2, "finite", X.shape, "bool"),
        *(Tensor(i, f"t{i}", X.shape, "float32") for i in (3, 4)),
        Tensor(5, "zero", (), "float32", None, zero.tobytes()),
    )
    operators = (
        Operator(0, "SUB", (0, 0), (1,), {"fused_activation_function": "NONE"}),
        Operator(1, "EQUAL", (1, 5), (2,)),
        Operator(2, "SELECT_V2", (2, 0, 5), (3,)),
        Operator(3, "TANH", (3,), (4,)),
    )
    graph = quantizable(Graph("m", tensors, operators, (0,), (4,)))
    assert [op.kind for op in graph.operators] == ["TANH"] and graph.operators[0].inputs == (0,)


def test_a_graph_without_them_stays() -> None:
    graph = _graph("TANH")
    assert quantizable(graph) is graph


@pytest.mark.parametrize(
    ("kind", "bound", "stays"),
    [("MINIMUM", 1e12, False), ("MAXIMUM", -1e12, False), ("MINIMUM", 6.0, True)],
)
def test_limits_that_nothing_reaches_are_gone(kind: str, bound: float, stays: bool) -> None:
    """A norm's rsqrt is cut to 1 / epsilon, which no grid of int16 holds."""
    graph = quantizable(_graph(kind, [np.array(bound, np.float32)]))
    assert [op.kind for op in graph.operators] == ([kind, "RELU"] if stays else ["RELU"])
    assert np.array_equal(_found(graph), X)
