"""Models of which tflite-micro lacks an operator, run in pieces."""

from dataclasses import replace

import numpy as np
import pytest
from tests.support.host_run import check_on_host
from tests.support.places import SHARED

from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle, oracle_version
from qmcu.model.pieces import Piece, cut
from qmcu.model.reader import read_model
from qmcu.model.vectors import random_vectors
from qmcu.model.writer import write_model

_GRID = Quantization((0.5,), (3,))


def _chain() -> Graph:
    """RELU, TILE, RELU6."""
    tensors = [
        Tensor(0, "x", (1, 2, 3), "int8", _GRID),
        Tensor(1, "a", (1, 2, 3), "int8", _GRID),
        Tensor(2, "times", (3,), "int32", None, np.array([1, 2, 1], np.int32).tobytes()),
        Tensor(3, "b", (1, 4, 3), "int8", _GRID),
        Tensor(4, "y", (1, 4, 3), "int8", _GRID),
    ]
    operators = [
        Operator(0, "RELU", (0,), (1,)),
        Operator(1, "TILE", (1, 2), (3,)),
        Operator(2, "RELU6", (3,), (4,)),
    ]
    return Graph("chain", tuple(tensors), tuple(operators), (0,), (4, 1))


def test_a_model_is_cut_where_tflite_micro_ends() -> None:
    first, own, last = cut(_chain())
    assert isinstance(own, Operator) and own.kind == "TILE"
    assert isinstance(first, Piece) and first.tensors == (0, 1) and first.graph.outputs == (1,)
    assert isinstance(last, Piece) and last.tensors == (3, 4)


def test_the_pieces_give_what_the_whole_would() -> None:
    graph = _chain()
    oracle = Oracle(write_model(graph))
    x = np.array([[[-9, 3, 5], [100, 4, 2]]], np.int8)
    tiled, relu = oracle.run([x])
    assert relu.tolist() == np.maximum(x, 3).tolist()
    assert tiled.tolist() == np.tile(np.clip(x, 3, 15), (1, 2, 1)).tolist()
    found = oracle.all_tensors([x])
    assert sorted(found) == [0, 1, 3, 4]
    assert found[3].tolist() == np.tile(relu, (1, 2, 1)).tolist()
    assert oracle.origin == f"{oracle_version()} (TILE by qmcu's own reference)"
    assert random_vectors(graph, write_model(graph), 2).origin == {"expected": oracle.origin}
    check_on_host(graph)


def test_a_constant_may_be_an_output() -> None:
    chain = replace(_chain(), outputs=(4, 2))
    x = np.zeros((2, 1, 2, 3), np.int8)
    _, times = Oracle(write_model(chain)).run_many([x])
    assert times.tolist() == [[1, 2, 1]] * 2
    check_on_host(chain)


@pytest.mark.parametrize("target", ["float32", "int32", "int64", "bool"])
@pytest.mark.parametrize("source", ["uint8", "int64"])
def test_casts_that_the_interpreter_refuses_are_our_own(source: str, target: str) -> None:
    tensors = (Tensor(0, "x", (2, 3), source), Tensor(1, "y", (2, 3), target))
    graph = Graph("cast", tensors, (Operator(0, "CAST", (0,), (1,)),), (0,), (1,))
    oracle = Oracle(write_model(graph))
    x = np.array([[0, 1, 255], [7, 200, 128]], source)
    (found,) = oracle.run([x])
    assert found.dtype == target and (found == x.astype(target)).all()
    assert oracle.origin == f"{oracle_version()} (CAST by qmcu's own reference)"
    check_on_host(graph)


def _kept() -> Graph:
    """What the last inference gave is read before TILE and assigned after it."""
    graph = _chain()
    handle = {"container": "", "shared_name": "last"}
    tensors = (
        *graph.tensors,
        Tensor(5, "handle", (1,), "resource"),
        Tensor(6, "last", (1, 2, 3), "int8", _GRID),
    )
    operators = (
        Operator(0, "VAR_HANDLE", (), (5,), handle),
        Operator(1, "READ_VARIABLE", (5,), (6,)),
        Operator(2, "ADD", (0, 6), (1,)),
        Operator(3, "TILE", (1, 2), (3,)),
        Operator(4, "RELU6", (3,), (4,)),
        Operator(5, "ASSIGN_VARIABLE", (5, 1), ()),
    )
    return replace(graph, tensors=tensors, operators=operators, outputs=(4,))


def test_a_variable_on_both_sides_is_refused() -> None:
    with pytest.raises(ModelError, match=r"tflite-micro lacks #3 TILE, and a variable is used"):
        Oracle(write_model(_kept()))


def test_a_select_of_one_decision_for_each_row() -> None:
    tensors = (
        Tensor(0, "c", (3,), "bool"),
        Tensor(1, "a", (3, 3), "int32"),
        Tensor(2, "b", (3, 3), "int32"),
        Tensor(3, "y", (3, 3), "int32"),
    )
    graph = Graph("rows", tensors, (Operator(0, "SELECT", (0, 1, 2), (3,)),), (0, 1, 2), (3,))
    a = np.arange(9, dtype=np.int32).reshape(3, 3)
    (output,) = Oracle(write_model(graph)).run([np.array([True, False, True]), a, -a])
    assert output.tolist() == [[0, 1, 2], [-3, -4, -5], [6, 7, 8]]


def test_what_the_file_states_wrongly_is_refused() -> None:
    graph = _chain()
    tensors = list(graph.tensors)
    tensors[3:5] = [replace(t, shape=(1, 5, 3)) for t in tensors[3:5]]
    oracle = Oracle(write_model(replace(graph, tensors=tuple(tensors))))
    with pytest.raises(ModelError, match=r"#1 TILE gives int8 \[1, 4, 3\]; its output is b"):
        oracle.run([np.zeros((1, 2, 3), np.int8)])


def test_an_embedding_of_keras() -> None:
    path = SHARED / "cases" / "c29_gather_embedding" / "m.tflite"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    check_on_host(read_model(path))
