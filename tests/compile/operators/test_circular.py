"""CIRCULAR_BUFFER: what random graphs do not reach."""

from dataclasses import replace

import numpy as np
from bench.operators.signals import circular_buffer
from flatbuffers import flexbuffers

from qmcu.compile import compile_graph, unsupported
from qmcu.model.state import is_stateful


def test_a_buffer_that_does_not_run_every_time_is_refused() -> None:
    graph = circular_buffer(np.random.default_rng(0))
    assert is_stateful(graph) and unsupported(graph) == []
    custom = bytes(flexbuffers.Dumps({"cycles_max": 2}))
    (problem,) = unsupported(
        replace(graph, operators=(replace(graph.operators[0], custom=custom),))
    )
    assert "in every 2. inference" in problem


def test_it_begins_with_the_zero_point() -> None:
    graph = circular_buffer(np.random.default_rng(0))
    (state,) = compile_graph(graph).states
    grid = graph.output_tensors[0].quantization
    assert grid is not None and grid.zero_point != 0
    assert state.fill == grid.zero_point & 0xFF
