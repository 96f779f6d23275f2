"""Inferences that a CIRCULAR_BUFFER ends early: what follows, and what outputs are meanwhile."""

from collections.abc import Sequence

import numpy as np
import pytest
from flatbuffers import flexbuffers
from tests.support.host_run import run_on_host

from qmcu.compile import compile_graph, unsupported
from qmcu.model.early_ends import CIRCULAR, cycles
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.state import is_stateful
from qmcu.model.writer import write_model

GRID = Quantization((0.1,), (3,))
VALUE = (1, 1, 1, 4)


def chain(first: int, second: int, slots: Sequence[int] = (3, 4)) -> Graph:
    """ABS, a buffer, RELU, MEAN, a buffer, ABS; a cycles_max of 0 is not said.

    Outputs: the last ABS, the first one, and the mean.
    """
    axes = np.array([1], np.int32).tobytes()
    shapes = [VALUE, VALUE, (1, slots[0], 1, 4), (1, slots[0], 1, 4), VALUE]
    shapes += [(1, slots[1], 1, 4), (1, slots[1], 1, 4)]
    tensors = [
        Tensor(i, f"t{i}", shape, "int8", GRID, is_variable=i in (2, 5))
        for i, shape in enumerate(shapes)
    ]
    tensors.append(Tensor(7, "axes", (1,), "int32", None, axes))
    said = [bytes(flexbuffers.Dumps({"cycles_max": c})) if c else b"" for c in (first, second)]
    operators = (
        Operator(0, "ABS", (0,), (1,)),
        Operator(1, CIRCULAR, (1,), (2,), custom=said[0]),
        Operator(2, "RELU", (2,), (3,)),
        Operator(3, "MEAN", (3, 7), (4,), {"keep_dims": True}),
        Operator(4, CIRCULAR, (4,), (5,), custom=said[1]),
        Operator(5, "ABS", (5,), (6,)),
    )
    return Graph("chain", tuple(tensors), operators, (0,), (6, 1, 4))


@pytest.mark.parametrize(("first", "second"), [(2, 1), (1, 3), (2, 3), (0, 0)])
def test_outputs_are_those_of_the_last_inference_that_came_so_far(first: int, second: int) -> None:
    graph = chain(first, second)
    assert is_stateful(graph) and unsupported(graph) == []
    rng = np.random.default_rng(1)
    inputs = [rng.integers(-128, 128, VALUE).astype(np.int8) for _ in range(14)]
    oracle = Oracle(write_model(graph))
    expected = [[o.tobytes() for o in oracle.run([value])] for value in inputs]
    assert run_on_host(compile_graph(graph), [[value] for value in inputs]) == expected
    # Before the first that came so far they are zero, which is 3 of this grid.
    wait = (first or 2) * (second or 2)
    assert [e[0] == bytes([3]) * 16 for e in expected[:wait]] == [True] * (wait - 1) + [False]
    assert expected[wait - 1][0] == expected[wait][0] or wait == 1
    oracle.reset()
    again = [[o.tobytes() for o in oracle.run([value])] for value in inputs]
    assert again == expected


def test_traced_outputs_are_kept_too() -> None:
    oracle = Oracle(write_model(chain(2, 1)))
    value = np.full(VALUE, 40, np.int8)
    means = [oracle.all_tensors([value])[4].ravel()[0] for _ in range(4)]
    assert means[0] == 3 and means[1] != 3 and means[1] == means[2]


def test_where_the_interpreter_counts_buffers_the_count_must_be_that_of_the_model() -> None:
    grid = Quantization((0.1,), (0,))

    def buffers(shapes: Sequence[tuple[int, ...]]) -> Graph:
        tensors: list[Tensor] = []
        operators = []
        for i, shape in enumerate(shapes):
            tensors.append(Tensor(2 * i, f"in{i}", (1, 1, *shape[2:]), "int8", grid))
            tensors.append(Tensor(2 * i + 1, f"out{i}", shape, "int8", grid, is_variable=True))
            operators.append(Operator(i, CIRCULAR, (2 * i,), (2 * i + 1,)))
        inputs, outputs = (tuple(range(k, 2 * len(shapes), 2)) for k in (0, 1))
        return Graph("buffers", tuple(tensors), tuple(operators), inputs, outputs)

    plain, counted = (1, 3, 1, 4), (1, 3, 2, 96)
    assert list(cycles(buffers([plain] * 4 + [counted])).values()) == [2, 2, 2, 2, 1]
    assert list(cycles(buffers([plain, (1, 13, 1, 4)])).values()) == [2, 1]
    (problem, *_) = unsupported(buffers([plain, counted]))
    assert "give cycles_max" in problem
