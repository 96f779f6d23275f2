"""A graph that branches on its input."""

from dataclasses import replace

import numpy as np
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


def selu(limit: int = 0, factor: float = 1.0, *, aside: bool = False) -> Graph:
    """x > limit ? x : factor (exp(x) - 1), as converters write it; `aside` selects by another x."""
    grid = Quantization((0.1,), (0,))
    tensors = (
        Tensor(0, "x", (1, 4), "int8", grid),
        Tensor(1, "limit", (), "int8", grid, bytes([limit])),
        Tensor(2, "one", (), "int8", grid, bytes([10])),
        Tensor(3, "factor", (), "float32", None, np.float32(factor).tobytes()),
        Tensor(4, "above", (1, 4), "bool"),
        *(Tensor(i, f"t{i}", (1, 4), "int8", grid) for i in range(5, 10)),
    )
    operators = (
        Operator(0, "RELU", (0,), (9,)),
        Operator(1, "GREATER", (9 if aside else 0, 1), (4,)),
        Operator(2, "EXP", (0,), (5,)),
        Operator(3, "SUB", (5, 2), (6,)),
        Operator(4, "MUL", (6, 3), (7,)),
        Operator(5, "SELECT_V2", (4, 0, 7), (8,)),
    )
    return Graph("selu", tensors, operators, (0,), (8,))


def _suspicious(graph: Graph) -> bool:
    return graph_branches(AuditContext(None, b"", graph, None)).suspicious


def test_activations_of_one_number_without_a_jump_are_no_branch() -> None:
    assert not _suspicious(selu())
    assert not _suspicious(selu(factor=1.67))


def test_what_jumps_or_looks_at_something_else_is_one() -> None:
    assert _suspicious(selu(limit=50))
    assert _suspicious(selu(aside=True))
    read = replace(selu(), outputs=(8, 4))
    assert "GREATER" in graph_branches(AuditContext(None, b"", read, None)).reason
    weighed = selu()
    wide = replace(weighed.tensors[1], shape=(1, 4), data=bytes([0, 0, 0, 0]))
    tensors = (weighed.tensors[0], wide, *weighed.tensors[2:])
    assert _suspicious(replace(weighed, tensors=tensors))
