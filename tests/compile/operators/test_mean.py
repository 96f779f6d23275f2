"""MEAN: what is refused, and ranks above four."""

import numpy as np
import pytest
from bench.operators.single import SingleOperator
from tests.compile.operators.changes import refusal, with_operand, with_output
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph, unsupported
from qmcu.model.graph import Graph, Quantization
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model

SAME = Quantization((0.5,), (3,))


def _mean(shape: tuple[int, ...], axes: list[int], result: tuple[int, ...]) -> Graph:
    operator = SingleOperator("MEAN")
    operator.input(shape, SAME)
    operator.constant("axes", np.array(axes, np.int32))
    return operator.graph((result, SAME), options={"keep_dims": False})


@pytest.mark.parametrize(
    ("shape", "axes", "result"),
    [
        ((2, 3, 4, 5, 6), [1, 2], (2, 5, 6)),
        ((2, 3, 4, 5, 6), [0, 4], (3, 4, 5)),
        ((2, 1, 3, 1, 4, 2), [2, 5], (2, 1, 1, 4)),
    ],
)
def test_ranks_above_four(shape: tuple[int, ...], axes: list[int], result: tuple[int, ...]) -> None:
    values = np.random.default_rng(1).integers(-128, 128, size=shape).astype(np.int8)
    (found,) = run_plan(compile_graph(_mean(shape, axes, result)), [values])
    exact = values.astype(float).mean(axis=tuple(axes))
    # Two roundings, each by at most half.
    assert np.abs(found - exact).max() <= 1.0


@pytest.mark.parametrize(
    ("shape", "axes", "result"),
    [
        ((2, 3, 2, 3, 2), [1, 3], (2, 2, 2)),
        ((2, 3, 2, 3, 2), [0, 2, 4], (3, 3)),
        ((2, 1, 3, 2, 2, 3, 2), [0, 2, 4, 6], (1, 2, 3)),
    ],
)
def test_dimensions_that_lie_apart(
    shape: tuple[int, ...], axes: list[int], result: tuple[int, ...]
) -> None:
    graph = _mean(shape, axes, result)
    values = np.random.default_rng(1).integers(-128, 128, size=shape).astype(np.int8)
    plan = compile_graph(graph)
    assert [call.kernel for call in plan.calls] == ["mean_any"]
    (expected,) = Oracle(write_model(graph)).run([values])
    assert run_plan(plan, [values])[0].tobytes() == expected.tobytes()


def test_axes_must_be_constant_and_exist() -> None:
    graph = _mean((2, 3), [1], (2,))
    assert unsupported(graph) == []
    assert "computed at run time" in refusal(with_operand(graph, 1, data=None))
    wrong = np.array([2], np.int32).tobytes()
    assert "axis 2 of an input with 2 dimensions" in refusal(with_operand(graph, 1, data=wrong))
    assert "name no dimension" in refusal(with_operand(graph, 1, data=b"", shape=(0,)))


def test_output_shape_must_follow() -> None:
    assert "(2,) is needed" in refusal(with_output(_mean((2, 3), [1], (2,)), shape=(3,)))
