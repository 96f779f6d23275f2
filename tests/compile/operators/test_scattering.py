"""SCATTER_ND and SEGMENT_SUM: what is added twice and nowhere, and what is refused."""

import numpy as np
from bench.operators.single import SingleOperator
from tests.compile.operators.changes import refusal, with_operand, with_output
from tests.compile.operators.graphs import graph
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph
from qmcu.model.graph import Graph
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model


def _scatter(*, constant: bool) -> Graph:
    operator = SingleOperator("SCATTER_ND")
    if constant:
        operator.constant("indices", np.array([[1, 0], [1, 0], [0, 2]], np.int32))
    else:
        operator.input((3, 2), None, "int32")
    operator.input((3, 2), None, "float32")
    operator.constant("shape", np.array([2, 3, 2], np.int32))
    return operator.graph(((2, 3, 2), None), dtype="float32")


def test_what_lies_outside_goes_nowhere() -> None:
    model = _scatter(constant=False)
    indices = np.array([[1, 0], [-1, 0], [0, 3]], np.int32)
    updates = np.arange(6, dtype=np.float32).reshape(3, 2)
    (found,) = run_plan(compile_graph(model), [indices, updates])
    expected = np.zeros((2, 3, 2), np.float32)
    expected[1, 0] = updates[0]
    assert found.tobytes() == expected.tobytes()
    assert Oracle(write_model(model)).run([indices, updates])[0].tobytes() == found.tobytes()


def test_what_goes_to_one_place_is_added() -> None:
    updates = np.arange(6, dtype=np.float32).reshape(3, 2)
    (found,) = run_plan(compile_graph(_scatter(constant=True)), [updates])
    assert found[1, 0].tolist() == [2, 4] and found[0, 2].tolist() == [4, 5]
    assert found.sum() == updates.sum()


def _at(model: Graph, position: int, values: list[int], shape: tuple[int, ...]) -> Graph:
    data = np.array(values, np.int32).tobytes()
    return with_operand(model, position, data=data, shape=shape)


def test_other_indices_segments_and_shapes_are_refused() -> None:
    scatter = _scatter(constant=True)
    for outside in (2, -1, 2**31 - 1, -(2**31)):
        indices = [1, 0, 1, 0, outside, 2]
        assert "lie outside" in refusal(_at(scatter, 0, indices, (3, 2)))
    assert "has to be" in refusal(_at(scatter, 0, [0, 0], (1, 2)))
    assert "say where" in refusal(_at(scatter, 0, list(range(18)), (3, 6)))
    assert "it states" in refusal(_at(scatter, 2, [2, 3, 3], (3,)))
    assert refusal(with_output(scatter, shape=(2, 3, 5)))
    segments = graph("SEGMENT_SUM float32", 3)
    count = segments.tensors[1].elements
    for values in ([1] * count, [0] * (count - 1) + [2], [0] * (count - 1) + [-1]):
        assert "do not count up" in refusal(_at(segments, 1, values, (count,)))
