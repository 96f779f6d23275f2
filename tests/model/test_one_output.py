"""One output of several, of graphs and of files."""

import numpy as np
import pytest

from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.one_output import keep_output, with_output
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model


def _two() -> Graph:
    """x -> TANH -> first, and x -> TANH -> RELU -> second."""
    tensors = tuple(Tensor(i, f"t{i}", (1, 4), "float32") for i in range(4))
    operators = (
        Operator(0, "TANH", (0,), (1,)),
        Operator(1, "LOGISTIC", (1,), (2,)),
        Operator(2, "RELU", (1,), (3,)),
    )
    names = ("first", "second")
    return Graph("two", tensors, operators, (0,), (2, 3), output_names=names, input_names=("x",))


@pytest.mark.parametrize(("number", "kinds"), [(0, ["TANH", "LOGISTIC"]), (1, ["TANH", "RELU"])])
def test_the_file_answers_with_that_output(number: int, kinds: list[str]) -> None:
    data = write_model(_two())
    x = np.array([[-1, 0, 0.5, 2]], np.float32)
    expected = Oracle(data).run([x])[number]
    kept = keep_output(data, number)
    (found,) = Oracle(kept).run([x])
    assert np.array_equal(found, expected)
    graph = parse_model(kept)
    assert [op.kind for op in graph.operators] == kinds
    assert [graph.name_of(i) for i in graph.outputs] == [_two().output_names[number]]
    cut = with_output(_two(), number)
    assert [op.kind for op in cut.operators] == kinds
    assert [op.index for op in cut.operators] == [0, 1]
    assert cut.output_names == (_two().output_names[number],)
