"""Activation limits inside int8, multipliers of 1/2 and more: no layer falls to a slow kernel."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators.everyday import EVERYDAY
from bench.operators.int4 import EVERYDAY_INT4

from qmcu.codegen.model_source import model_sources
from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.dead_channels import settle_dead_channels
from qmcu.compile.kernel_sets.dsp.filters import Filters
from qmcu.compile.plan import ParametersArgument
from qmcu.compile.requantize import requantize
from qmcu.model.graph import Graph

DSP = CompileOptions("native", dsp=True, fpu=True)


def with_activation(graph: Graph, name: str) -> Graph:
    """The graph of one operator with another fused activation."""
    (operator,) = graph.operators
    options = {**operator.options, "fused_activation_function": name}
    return replace(graph, operators=(replace(operator, options=options),))


@pytest.mark.parametrize("kind", ["ADD", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"])
def test_limits_add_a_pass_and_change_nothing_else(kind: str) -> None:
    rng = np.random.default_rng(1)
    clamped = 0
    for _ in range(30):
        graph = with_activation(EVERYDAY[kind](rng), "NONE")
        limited = with_activation(graph, "RELU6")
        if settle_dead_channels(limited) is not limited:
            continue  # of such channels limits make more
        fast = replace(DSP, optimize="speed")  # a pass is no reason for smaller constants
        (plain,) = compile_graph(graph, fast).calls
        plan = compile_graph(limited, fast)
        (call,) = plan.calls
        if plain.passes != call.passes and plain.kernel == call.kernel:
            clamped += 1
            assert call.arguments == plain.arguments
            (step,) = call.passes
            assert isinstance(step.arguments[0], ParametersArgument)
            fields = dict(step.arguments[0].fields)
            assert fields["size"] == graph.output_tensors[0].elements
            text = model_sources(plan)["model.c"]
            assert text.index(f"qmcu_{call.kernel}(") < text.index("qmcu_clamp_dsp(")
    assert clamped >= 12


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"])
@pytest.mark.parametrize("limits", ["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
def test_every_layer_of_int8_weights_has_a_fast_kernel(kind: str, limits: str) -> None:
    rng = np.random.default_rng(2)
    for _ in range(60):
        graph = with_activation(EVERYDAY[kind](rng), limits)
        (call,) = compile_graph(graph, DSP).calls
        assert call.kernel.endswith("_dsp"), call


@pytest.mark.parametrize("kind", ["CONV_2D", "FULLY_CONNECTED"])
def test_int4_weights_take_limits(kind: str) -> None:
    rng = np.random.default_rng(3)
    fast = 0
    for _ in range(40):
        graph = EVERYDAY_INT4[kind](rng)
        kernels = {
            compile_graph(with_activation(graph, name), DSP).calls[0].kernel
            for name in ("NONE", "RELU6")
        }
        assert len(kernels) == 1
        fast += all(kernel.endswith("_int4_dsp") for kernel in kernels)
    assert fast >= 10


def test_the_steep_form_is_the_reference() -> None:
    rng = np.random.default_rng(4)
    proven = 0
    for _ in range(400):
        multiplier, shift = int(rng.integers(1 << 30, 1 << 31)), int(rng.integers(-21, 9))
        zero_point, bias = int(rng.integers(-128, 128)), int(rng.integers(-(1 << 14), 1 << 14))
        columns = (np.array([n]) for n in (bias, multiplier, -shift))
        filters = Filters(np.array([[1]]), next(columns), next(columns), next(columns), zero_point)
        steep = filters.steep
        if steep is None:
            continue
        proven += 1
        sums = bias + np.arange(-128, 128)
        twice = 2 * sums << int(steep.left[0])
        high = (twice * multiplier + (1 << 31)) >> 32
        found = (2 * high + int(steep.roundings[0]) - (twice < 0)) >> int(steep.shifts[0])
        wanted = requantize(sums, multiplier, shift) + zero_point
        assert (np.clip(found, -128, 127) == np.clip(wanted, -128, 127)).all()
    assert proven > 350
