"""Channels that always give one byte are written anew: same bytes, and fast kernels take them."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators.everyday import EVERYDAY
from bench.performance.models import mobilenet
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.dead_channels import settle_dead_channels
from qmcu.model.graph import Graph, Quantization

DSP = CompileOptions("native", dsp=True, fpu=True)
_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3}


def damaged(graph: Graph, rng: np.random.Generator) -> Graph:
    """Some channels: weights of zero, scale of zero, or a scale that saturates every sum."""
    (operator,) = graph.operators
    axis = _AXIS[operator.kind]
    weights, bias = graph.tensors[operator.inputs[1]], graph.tensors[operator.inputs[2]]
    old = weights.quantization
    assert old is not None and old.per_channel
    values, biases = np.moveaxis(weights.array.copy(), axis, 0), bias.array.copy().reshape(-1)
    scales = list(old.scales)
    for channel in range(0, len(scales), 3):
        form = rng.integers(4)
        if form == 0:
            values[channel], biases[channel] = 0, rng.integers(-1000, 1000)
            scales[channel] *= 2.0 ** rng.integers(-30, -10)
        elif form == 1:
            scales[channel] = 0.0
        elif form == 2:
            scales[channel] *= 2.0**12
            values[channel] = np.sign(values[channel])
            biases[channel] = rng.choice([-1, 1]) * (1 << 18)
        else:  # not dead: both bytes can be reached
            scales[channel] *= 2.0**-5
    tensors = list(graph.tensors)
    tensors[weights.index] = replace(
        weights,
        data=np.moveaxis(values, 0, axis).tobytes(),
        quantization=Quantization(tuple(scales), old.zero_points, axis),
    )
    tensors[bias.index] = replace(bias, data=biases.astype("<i4").tobytes())
    return replace(graph, tensors=tuple(tensors))


@pytest.mark.parametrize("kind", sorted(_AXIS))
def test_no_byte_changes(kind: str) -> None:
    rng = np.random.default_rng(12)
    settled = 0
    for _ in range(60):
        graph = EVERYDAY[kind](rng)
        quantization = graph.tensors[graph.operators[0].inputs[1]].quantization
        if quantization is None or len(graph.operators[0].inputs) < 3:
            continue
        if not quantization.per_channel or len(quantization.scales) < 4:
            continue
        graph = damaged(graph, rng)
        other = settle_dead_channels(graph)
        settled += other is not graph
        shapes = [t.shape for t in graph.input_tensors]
        for low, high in ((-128, 128), (-128, -127), (127, 128)):
            inputs = [rng.integers(low, high, size=s).astype(np.int8) for s in shapes]
            before = run_plan(compile_graph(graph), inputs)
            after = run_plan(compile_graph(other), inputs)
            assert [a.tobytes() for a in before] == [b.tobytes() for b in after]
    assert settled >= 15


@pytest.mark.parametrize("kind", sorted(_AXIS))
def test_a_layer_with_a_dead_channel_keeps_its_fast_kernel(kind: str) -> None:
    rng = np.random.default_rng(3)
    compared = 0
    for _ in range(40):
        graph = EVERYDAY[kind](rng)
        weights = graph.tensors[graph.operators[0].inputs[1]]
        fast = compile_graph(graph, DSP).calls[0].kernel
        old = weights.quantization
        if old is None or not old.per_channel or len(old.scales) < 2 or "_dsp" not in fast:
            continue
        scales = Quantization((0.0, *old.scales[1:]), old.zero_points, old.axis)
        tensors = list(graph.tensors)
        tensors[weights.index] = replace(weights, quantization=scales)
        dead = replace(graph, tensors=tuple(tensors))
        assert compile_graph(dead, DSP).calls[0].kernel.endswith("_dsp")
        compared += 1
    assert compared >= 10


def test_a_graph_without_such_channels_is_left_alone() -> None:
    graph = mobilenet()
    assert settle_dead_channels(graph) is graph
