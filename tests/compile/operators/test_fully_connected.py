"""FULLY_CONNECTED: what is refused, and how."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bench.operators.convolutions import fully_connected
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph, unsupported
from qmcu.compile.kernel_sets import CompileOptions
from qmcu.compile.plan import ConstantArgument
from qmcu.compile.requantize import quantize_multiplier
from qmcu.model.graph import Graph
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model


@pytest.fixture
def graph() -> Graph:
    """Per tensor, with a bias."""
    graphs = (fully_connected(np.random.default_rng(seed)) for seed in range(100))
    return next(
        g
        for g in graphs
        if len(g.operators[0].inputs) == 3
        and g.operators[0].inputs[2] >= 0
        and g.tensors[1].shape[0] > 1
        and not g.tensors[1].quantization.per_channel  # type: ignore[union-attr]
    )


@pytest.mark.parametrize(
    ("position", "changes", "reason"),
    [
        (0, {"dtype": "float32"}, "input 0 input0 is float32"),
        (1, {"data": None, "dtype": "int16"}, "is int16, int8 or int4 is needed"),
        (1, {"shape": (1, 1, 1)}, "3 dimensions, 2 is needed"),
        (2, {"dtype": "int16"}, "bias bias is int16"),
        (2, {"scale": 1e6}, "bias bias has scale 1e+06"),
    ],
)
def test_operands_are_refused(
    graph: Graph, position: int, changes: dict[str, Any], reason: str
) -> None:
    assert unsupported(graph) == []
    assert reason in refusal(with_operand(graph, position, **changes))


def test_scales_are_multiplied_as_doubles(graph: Graph) -> None:
    # Their float32 product is 1 + 2^-23 times smaller; the interpreter does not round to it.
    scale = float(np.float32(1 + 2**-12))
    changed = with_operand(with_operand(graph, 0, scale=scale), 1, scale=scale)
    changed = with_output(with_operand(changed, 2, scale=scale * scale), scale=4.0)
    argument = compile_graph(changed).calls[0].arguments[4]
    assert isinstance(argument, ConstantArgument) and argument.constant is not None
    assert argument.constant.name.endswith("_multipliers")
    (found,) = np.frombuffer(argument.constant.data, "<i4")
    assert found == quantize_multiplier(scale * scale / 4)[0]
    assert found != quantize_multiplier(float(np.float32(scale * scale)) / 4)[0]


def test_shuffled_weights_are_refused(graph: Graph) -> None:
    changed = with_options(graph, weights_format="SHUFFLED4x16INT8")
    assert "weights format SHUFFLED4x16INT8" in refusal(changed)


def test_output_of_another_shape_is_refused(graph: Graph) -> None:
    shape = graph.output_tensors[0].shape
    assert "as its last dimension" in refusal(
        with_output(graph, shape=(*shape[:-1], shape[-1] + 1))
    )
    assert "does not match" in refusal(with_output(graph, shape=(7, *shape)))


@pytest.mark.parametrize(
    "changes", [{"zero_point": -7}, {"data": None}, {"data": None, "zero_point": 5}]
)
def test_weights_with_a_zero_point_or_computed_have_a_kernel_of_their_own(
    graph: Graph, changes: dict[str, Any]
) -> None:
    changed = with_operand(graph, 1, **changes)
    if "data" in changes:
        changed = replace(changed, inputs=(*changed.inputs, changed.operators[0].inputs[1]))
    plans = [
        compile_graph(changed, options)
        for options in (CompileOptions(), CompileOptions(kernels="native", dsp=True))
    ]
    for plan in plans:
        assert [call.kernel for call in plan.calls] == ["fully_connected_offset"]
    rng = np.random.default_rng(3)
    inputs = [rng.integers(-128, 128, t.shape).astype(np.int8) for t in changed.input_tensors]
    (expected,) = Oracle(write_model(changed)).run(inputs)
    assert run_plan(plans[0], inputs)[0].tobytes() == expected.tobytes()


def test_a_zero_point_of_scales_by_channel_is_not_used() -> None:
    graphs = (fully_connected(np.random.default_rng(seed)) for seed in range(100))
    graph = next(g for g in graphs if g.tensors[1].quantization.per_channel)  # type: ignore[union-attr]
    assert compile_graph(graph).calls[0].kernel == "fully_connected"
