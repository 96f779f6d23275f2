"""PAD before convolutions becomes their own padding, where the bytes stay the same."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators.rows import padded_convolution
from tests.support.host_run import check_on_host

from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.paddings import fold_paddings
from qmcu.model.graph import Graph

CORES = {
    "portable": CompileOptions("portable"),
    "dsp": CompileOptions("native", dsp=True, fpu=True),
    "mve": CompileOptions("native", dsp=True, fpu=True, mve=True),
}


def graphs(count: int) -> list[Graph]:
    return [padded_convolution(np.random.default_rng(seed)) for seed in range(count)]


def test_the_bytes_are_the_interpreters() -> None:
    for graph in graphs(10):
        assert "pad" not in check_on_host(graph)


@pytest.mark.parametrize("core", CORES)
def test_no_copy_with_a_border_is_made(core: str) -> None:
    for graph in graphs(40):
        (call,) = compile_graph(graph, CORES[core]).calls
        assert call.kind in ("CONV_2D", "DEPTHWISE_CONV_2D")


def test_the_library_of_others_gets_the_model_as_it_is() -> None:
    options = CompileOptions("cmsis-nn", dsp=True, fpu=True)
    assert compile_graph(graphs(1)[0], options).calls[0].kind == "PAD"


def test_what_is_read_elsewhere_or_reaches_too_far_stays() -> None:
    graph = graphs(1)[0]
    pad, convolution = graph.operators
    assert fold_paddings(replace(graph, outputs=(*graph.outputs, *pad.outputs))).operators == (
        pad,
        convolution,
    )
    assert len(fold_paddings(graph, frozenset(pad.outputs)).operators) == 2
    same = replace(convolution, options={**convolution.options, "padding": "SAME"})
    assert len(fold_paddings(replace(graph, operators=(pad, same))).operators) == 2
    paddings = graph.tensors[pad.inputs[1]]
    wide = replace(paddings, data=(paddings.array + 9).astype(np.int32).tobytes())
    tensors = tuple(wide if t is paddings else t for t in graph.tensors)
    assert len(fold_paddings(replace(graph, tensors=tensors)).operators) == 2
