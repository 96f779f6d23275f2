"""AVERAGE_POOL_2D and MAX_POOL_2D: what is refused, and how."""

import numpy as np
import pytest
from bench.operators.reductions import average_pool_2d, max_pool_2d
from tests.compile.operators.changes import refusal, with_options, with_output

from qmcu.compile import unsupported
from qmcu.model.graph import Graph


@pytest.fixture(params=[average_pool_2d, max_pool_2d])
def graph(request: pytest.FixtureRequest) -> Graph:
    graph: Graph = request.param(np.random.default_rng(0))
    assert unsupported(graph) == []
    return graph


def test_another_output_scale_is_refused(graph: Graph) -> None:
    assert "they must be equal" in refusal(with_output(graph, scale=3.0))


def test_another_output_zero_point_is_refused(graph: Graph) -> None:
    point = graph.output_tensors[0].quantization.zero_point  # type: ignore[union-attr]
    other = point + 1 if point < 127 else 0
    assert "they must be equal" in refusal(with_output(graph, zero_point=other))


def test_window_of_nothing_is_refused(graph: Graph) -> None:
    assert "filter_height is 0" in refusal(with_options(graph, filter_height=0))


def test_output_of_another_shape_is_refused(graph: Graph) -> None:
    batches, height, width, depth = graph.output_tensors[0].shape
    changed = with_output(graph, shape=(batches, height, width + 3, depth))
    assert "is needed" in refusal(changed)
