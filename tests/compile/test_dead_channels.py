"""Channels that always give one byte are written anew: same bytes, and fast kernels take them."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.everyday import EVERYDAY
from bench.performance.models import mobilenet
from tests.compile.operators.host_kernel import run_plan
from tests.support.host_run import check_on_host

from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.dead_channels import settle_dead_channels
from qmcu.compile.support import unsupported
from qmcu.model.graph import Graph, Operator, Quantization, Tensor

DSP = CompileOptions("native", dsp=True, fpu=True)
_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3}
_WIDE = {f"{kind} int16": axis for kind, axis in {**_AXIS, "TRANSPOSE_CONV": 0}.items()}


def damaged(graph: Graph, rng: np.random.Generator) -> Graph:
    """Some channels: weights of zero, scale of zero, or a scale that saturates every sum."""
    (operator,) = graph.operators
    axis = {"TRANSPOSE_CONV": 0, **_AXIS}[operator.kind]
    weights, bias = (graph.tensors[operator.inputs[at]] for at in (1, -1))
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
            largest = 1 << 18 if bias.dtype == "int32" else 1 << 36
            biases[channel] = rng.choice([-1, 1]) * largest
        else:  # not dead: both bytes can be reached
            scales[channel] *= 2.0**-5
    tensors = list(graph.tensors)
    tensors[weights.index] = replace(
        weights,
        data=np.moveaxis(values, 0, axis).tobytes(),
        quantization=Quantization(tuple(scales), old.zero_points, axis),
    )
    tensors[bias.index] = replace(bias, data=biases.astype(bias.dtype).tobytes())
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


def per_channel(graph: Graph) -> bool:
    """Whether it has a bias of 64 bits and a scale for each of at least four channels."""
    inputs = graph.operators[0].inputs
    quantization, bias = graph.tensors[inputs[1]].quantization, graph.tensors[inputs[-1]]
    if quantization is None or len(quantization.scales) < 4 or len(graph.inputs) > 1:
        return False
    return bias.dtype == "int64" and bias.elements == len(quantization.scales)


@pytest.mark.parametrize("kind", sorted(_WIDE))
def test_no_value_of_int16_changes(kind: str) -> None:
    rng = np.random.default_rng(13)
    settled = 0
    for _ in range(400):
        graph = GENERATORS[kind](rng)
        if not per_channel(graph):
            continue
        graph = damaged(graph, rng)
        other = settle_dead_channels(graph)
        if other is graph or unsupported(graph):
            continue
        settled += 1
        shapes = [t.shape for t in graph.input_tensors]
        for low, high in ((-(1 << 15), 1 << 15), (-(1 << 15), 1 - (1 << 15)), (32767, 32768)):
            inputs = [rng.integers(low, high, size=s).astype(np.int16) for s in shapes]
            before = run_plan(compile_graph(graph), inputs)
            after = run_plan(compile_graph(other), inputs)
            assert [a.tobytes() for a in before] == [b.tobytes() for b in after]
        if settled == 6:
            return
    pytest.fail(f"only {settled} layers had a dead channel")


@pytest.mark.parametrize("core", ["dsp", "mve", "scalar"])
def test_a_layer_of_int16_with_a_dead_channel_adds_in_32_bits(core: str) -> None:
    """A pruned filter's scale is next to nothing, and its bias as large as it may be."""
    rng, source = np.random.default_rng(4), Quantization((1e-3,), (0,))
    weights = rng.integers(-127, 128, (8, 3, 3, 4)).astype(np.int8)
    bias = rng.integers(-(1 << 20), 1 << 20, 8).astype("<i8")
    weights[5], bias[5] = 0, 1 << 30
    scales = Quantization((*[0.01] * 5, 1e-9, 0.01, 0.01), (0,) * 8, 0)
    tensors = (
        Tensor(0, "in", (1, 6, 6, 4), "int16", source),
        Tensor(1, "weights", weights.shape, "int8", scales, weights.tobytes()),
        Tensor(2, "bias", bias.shape, "int64", data=bias.tobytes()),
        Tensor(3, "out", (1, 4, 4, 8), "int16", Quantization((2e-3,), (0,))),
    )
    attributes: dict[str, int | str] = {
        "padding": "VALID", "stride_h": 1, "stride_w": 1, "fused_activation_function": "NONE",
        "dilation_h_factor": 1, "dilation_w_factor": 1,
    }  # fmt: skip
    operator = Operator(0, "CONV_2D", (0, 1, 2), (3,), attributes)
    graph = Graph("pruned", tensors, (operator,), (0,), (3,))
    options = CompileOptions("native", dsp=core != "scalar", mve=core == "mve")
    assert compile_graph(graph, options).calls[0].kernel == f"conv_2d_s16_quads_{core}"
    if core == "scalar":  # the others have instructions that this computer lacks
        check_on_host(graph, count=2, options=options)


def test_a_graph_without_such_channels_is_left_alone() -> None:
    graph = mobilenet()
    assert settle_dead_channels(graph) is graph
