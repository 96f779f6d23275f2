"""CIRCULAR_BUFFER: what random graphs do not reach."""

from dataclasses import replace

import numpy as np
from bench.operators.signals import circular_buffer
from flatbuffers import flexbuffers

from qmcu.compile import compile_graph, unsupported
from qmcu.model.state import is_stateful


def test_a_buffer_behind_which_nothing_comes_runs_as_any_other() -> None:
    graph = circular_buffer(np.random.default_rng(0))
    assert is_stateful(graph)
    custom = bytes(flexbuffers.Dumps({"cycles_max": 2}))
    graph = replace(graph, operators=(replace(graph.operators[0], custom=custom),))
    assert unsupported(graph) == []
    (call,) = compile_graph(graph).calls
    assert call.kernel == "circular_buffer"


def test_it_begins_with_the_zero_point() -> None:
    graph = circular_buffer(np.random.default_rng(0))
    (state,) = compile_graph(graph).states
    grid = graph.output_tensors[0].quantization
    assert grid is not None and grid.zero_point != 0
    assert state.fill == grid.zero_point & 0xFF
