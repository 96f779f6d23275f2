"""TRANSPOSE_CONV: what is refused, and how."""

from typing import Any

import numpy as np
import pytest
from bench.operators.convolutions import transpose_conv
from tests.compile.operators.changes import refusal, with_operand, with_options

from qmcu.compile import unsupported
from qmcu.model.graph import Graph


@pytest.fixture
def graph() -> Graph:
    graphs = (transpose_conv(np.random.default_rng(seed)) for seed in range(100))
    return next(g for g in graphs if len(g.operators[0].inputs) == 4)


@pytest.mark.parametrize(
    ("position", "changes", "reason"),
    [
        (0, {"dtype": "int64"}, "output shape operand output_shape is int64"),
        (0, {"data": np.array([1, 2, 3, 4], np.int32).tobytes()}, "says (1, 2, 3, 4)"),
        (2, {"dtype": "int16"}, "input 2 input2 is int16"),
        (2, {"shape": (1, 50, 50, 50)}, "must have shape"),
        (3, {"dtype": "int64"}, "bias bias is int64"),
    ],
)
def test_operands_are_refused(
    graph: Graph, position: int, changes: dict[str, Any], reason: str
) -> None:
    assert unsupported(graph) == []
    assert reason in refusal(with_operand(graph, position, **changes))


def test_stride_of_zero_is_refused(graph: Graph) -> None:
    assert "stride_w is 0" in refusal(with_options(graph, stride_w=0))


def test_a_computed_output_shape_is_never_read(graph: Graph) -> None:
    computed = with_operand(graph, 0, data=None)
    assert unsupported(computed) == []
