"""A graph that branches on its input."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.detectors.graph_branches import graph_branches
from qmcu.backdoor.detectors.method import (
    AuditContext,
)
from qmcu.backdoor.detectors.result import judge
from qmcu.model.graph import Graph, Operator, Quantization, Tensor


def branching() -> Graph:
    grid = Quantization((1.0,), (0,))
    tensors = tuple(
        Tensor(i, f"t{i}", (1, 4), "int8", grid, bytes(4) if i == 1 else None) for i in range(4)
    )
    operators = (
        Operator(0, "EQUAL", (0, 1), (2,)),
        Operator(1, "SELECT_V2", (2, 1, 0), (3,)),
    )
    return Graph("branching", tensors, operators, (0,), (3,))


def test_a_graph_that_branches_on_its_input_is_a_finding() -> None:
    found = graph_branches(AuditContext(None, b"", branching(), None))
    assert found.suspicious and found.weight == "static"
    assert "EQUAL" in found.reason and "SELECT_V2" in found.reason
    assert judge([found])[0] == "backdoored"
