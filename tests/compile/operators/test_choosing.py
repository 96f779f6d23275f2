"""Operators that choose elements: equal to NumPy, indices outside, and what is refused."""

import numpy as np
import pytest
from bench.operators.single import SingleOperator
from tests.compile.operators.changes import refusal, with_operand, with_output
from tests.compile.operators.graphs import graph, runs
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph
from qmcu.compile.operators.fixed_point import reciprocal


@pytest.mark.parametrize("kind", ["SELECT_V2", "SELECT_V2 int16", "SELECT_V2 float32"])
def test_select_equals_numpy(kind: str) -> None:
    for _, (condition, first, second), (output,) in runs(kind, 20):
        assert (output == np.where(condition.astype(bool), first, second)).all()


@pytest.mark.parametrize(("kind", "function"), [("ARG_MAX", np.argmax), ("ARG_MIN", np.argmin)])
def test_the_first_of_equal_elements_is_found(kind: str, function: np.ufunc) -> None:
    for _, (tensor, axis), (output,) in runs(kind, 20):
        assert (output == function(tensor, axis=int(axis.reshape(-1)[0]))).all()


def test_computed_indices_outside_take_what_is_nearest() -> None:
    operator = SingleOperator("GATHER")
    operator.input((3, 2), None, "float32")
    operator.input((4,), None, "int32")
    model = operator.graph(((4, 2), None), options={"axis": 0, "batch_dims": 0}, dtype="float32")
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    indices = np.array([-(2**31), 1, 3, 2**31 - 1], np.int32)
    (found,) = run_plan(compile_graph(model), [table, indices])
    assert (found == table[[0, 1, 2, 2]]).all()


def test_an_update_is_moved_to_where_it_fits() -> None:
    operator = SingleOperator("DYNAMIC_UPDATE_SLICE")
    operator.input((4,), None, "int32")
    operator.input((2,), None, "int32")
    operator.input((1,), None, "int32")
    model = operator.graph(((4,), None), dtype="int32")
    for start, expected in ((-7, [8, 9, 2, 3]), (1, [0, 8, 9, 3]), (9, [0, 1, 8, 9])):
        inputs = [np.arange(4), np.array([8, 9]), np.array([start])]
        (found,) = run_plan(compile_graph(model), [values.astype(np.int32) for values in inputs])
        assert found.tolist() == expected


def test_reciprocals_are_near() -> None:
    for number in (1, 2, 3, 100, 255):
        exact = 2.0 ** (30 + number.bit_length()) / number
        assert abs(reciprocal(number) / exact - 1) < 1e-6


def test_other_shapes_and_types_are_refused() -> None:
    for kind in ("SELECT_V2", "ARG_MAX", "DYNAMIC_UPDATE_SLICE", "FILL", "SHAPE", "ZEROS_LIKE"):
        assert refusal(with_output(graph(kind), shape=(97, 3))), kind
    assert "is int8, bool is needed" in refusal(with_operand(graph("SELECT_V2"), 0, dtype="int8"))
    wrong = np.array([9], np.int32).tobytes()
    assert "is outside" in refusal(with_operand(graph("ARG_MAX"), 1, data=wrong, shape=(1,)))
