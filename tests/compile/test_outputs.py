"""Outputs that are constants are copied to where outputs are read."""

import numpy as np
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model

GRID = Quantization((0.5,), (0,))


def test_a_constant_output_is_copied() -> None:
    """SHAPE of a static tensor is known when compiling."""
    tensors = (
        Tensor(0, "in", (2, 3), "int8", GRID),
        Tensor(1, "shape", (2,), "int32"),
        Tensor(2, "out", (3, 2), "int8", GRID),
    )
    operators = (Operator(0, "SHAPE", (0,), (1,)), Operator(1, "RESHAPE", (0,), (2,)))
    graph = Graph("shape", tensors, operators, (0,), (1, 2))
    plan, values = compile_graph(graph), np.arange(6, dtype=np.int8).reshape(2, 3)
    found, expected = run_plan(plan, [values]), Oracle(write_model(graph)).run([values])
    assert [a.tobytes() for a in found] == [b.tobytes() for b in expected]
    assert found[0].tolist() == [2, 3] and found[0].dtype == np.int32
