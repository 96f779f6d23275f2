"""RESHAPE, SQUEEZE and EXPAND_DIMS: the same bytes, and what is refused."""

import re
from dataclasses import replace

import numpy as np
import pytest
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output
from tests.compile.operators.graphs import graph, runs

from qmcu.compile import compile_graph
from qmcu.model.graph import Graph, Operator, Quantization, Tensor


@pytest.mark.parametrize("kind", ["RESHAPE", "SQUEEZE", "EXPAND_DIMS"])
def test_bytes_are_the_input_s(kind: str) -> None:
    for model, operands, (output,) in runs(kind, 30):
        assert (output == operands[0].reshape(model.output_tensors[0].shape)).all()


def test_output_shares_the_input_s_bytes_between_other_operators() -> None:
    same = Quantization((0.1,), (0,))
    tensors = tuple(
        Tensor(i, f"t{i}", shape, "int8", same)
        for i, shape in enumerate([(2, 6), (2, 6), (12,), (12,)])
    )
    operators = (
        Operator(0, "RELU", (0,), (1,)),
        Operator(1, "RESHAPE", (1,), (2,)),
        Operator(2, "RELU", (2,), (3,)),
    )
    plan = compile_graph(Graph("chain", tensors, operators, (0,), (3,)))
    assert [call.kernel for call in plan.calls] == ["lookup", "lookup"]
    assert plan.tensor(1).offset == plan.tensor(2).offset


@pytest.mark.parametrize("kind", ["RESHAPE", "SQUEEZE", "EXPAND_DIMS"])
def test_another_type_is_refused(kind: str) -> None:
    refused = refusal(with_output(graph(kind), dtype="float32"))
    assert "they must be of one type" in refused


def test_reshape_to_another_size_is_refused() -> None:
    model = graph("RESHAPE")
    changed = with_output(model, shape=(*model.output_tensors[0].shape, 2))
    assert re.search(r"has \d+ elements, output .* \d+", refusal(changed))


def test_squeeze_of_a_long_dimension_is_refused() -> None:
    model = with_operand(graph("SQUEEZE"), 0, shape=(1, 3))
    assert "whose length is not 1" in refusal(with_options(model, squeeze_dims=(-1,)))
    assert "does not exist" in refusal(with_options(model, squeeze_dims=(2,)))


def test_squeeze_to_another_shape_is_refused() -> None:
    model = with_output(with_operand(graph("SQUEEZE"), 0, shape=(1, 3)), shape=(1, 3))
    assert "(3,) is needed" in refusal(with_options(model, squeeze_dims=()))


def test_expand_dims_outside_is_refused() -> None:
    model = with_operand(graph("EXPAND_DIMS"), 0, shape=(4,))
    axis = with_operand(model, 1, data=np.int32(3).tobytes(), shape=())
    assert "axis 3 is outside [-2, 1]" in refusal(axis)
    two = with_operand(model, 1, data=np.zeros(2, np.int32).tobytes(), shape=(2,))
    assert "is not a single number" in refusal(two)
    wide = with_operand(model, 1, data=np.int64(0).tobytes(), shape=(), dtype="int64")
    assert "is int64, int32 is needed" in refusal(wide)


def test_no_input_is_refused() -> None:
    model = graph("SQUEEZE")
    empty = replace(model, operators=(replace(model.operators[0], inputs=()),))
    assert "has 0 inputs, 1 needed" in refusal(empty)
