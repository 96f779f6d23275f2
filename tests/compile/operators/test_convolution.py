"""CONV_2D and DEPTHWISE_CONV_2D: what is refused, and how."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.convolutions import conv_2d, depthwise_conv_2d
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output
from tests.compile.operators.host_kernel import initial_state, run_plan

from qmcu.compile import compile_graph, unsupported
from qmcu.compile.plan import ConstantArgument
from qmcu.model.graph import Graph, Quantization
from qmcu.model.oracle import Oracle
from qmcu.model.random_inputs import random_array
from qmcu.model.writer import write_model


def _small(kind: str) -> Graph:
    generator = {"CONV_2D": conv_2d, "DEPTHWISE_CONV_2D": depthwise_conv_2d}[kind]
    graphs = (generator(np.random.default_rng(seed)) for seed in range(100))
    return next(
        g
        for g in graphs
        if len(g.operators[0].inputs) == 3
        and g.operators[0].options["padding"] == "SAME"
        and g.tensors[1].quantization.per_channel  # type: ignore[union-attr]
    )


@pytest.fixture(params=["CONV_2D", "DEPTHWISE_CONV_2D"])
def graph(request: pytest.FixtureRequest) -> Graph:
    return _small(request.param)


@pytest.mark.parametrize(
    ("position", "changes", "reason"),
    [
        (0, {"dtype": "int16"}, "input 0 input0 is int16, int8 is needed"),
        (0, {"quantization": None}, "input 0 input0 has no quantization"),
        (0, {"zero_point": 200}, "zero point 200"),
        (0, {"scale": 0.0}, "the scale of input0 .* is 0"),
        (0, {"scale": 1e30}, "multiplier .* too large"),
        (1, {"data": None}, "weights weights is computed at run time"),
        (0, {"dtype": "int4"}, "input 0 input0 is int4, int8 is needed"),
        (1, {"dtype": "int16"}, "weights weights is int16, int8 or int4 is needed"),
        (1, {"quantization": Quantization((0.1, 0.2), (0, 0), 2)}, "along dimension 2"),
        (2, {"dtype": "int64"}, "bias bias is int64, int32 is needed"),
        (2, {"shape": (1,)}, "bias .* has 1 values"),
    ],
)
def test_operands_are_refused(
    graph: Graph, position: int, changes: dict[str, Any], reason: str
) -> None:
    assert unsupported(graph) == []
    assert re.search(reason, refusal(with_operand(graph, position, **changes)))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"padding": "CUSTOM"}, "padding CUSTOM"),
        ({"stride_h": 0}, "stride_h is 0"),
        ({"dilation_w_factor": -1}, "dilation_w_factor is -1"),
        ({"stride_w": 40000}, "must be below 32768"),
    ],
)
def test_options_are_refused(graph: Graph, options: dict[str, Any], reason: str) -> None:
    assert re.search(reason, refusal(with_options(graph, **options)))


def test_output_of_another_shape_is_refused(graph: Graph) -> None:
    batches, height, width, depth = graph.output_tensors[0].shape
    changed = with_output(graph, shape=(batches, height + 1, width, depth))
    assert "is needed" in refusal(changed)


def test_groups_must_divide_the_channels() -> None:
    graph = _small("CONV_2D")
    batches, height, width, depth = graph.tensors[0].shape
    changed = with_operand(graph, 0, shape=(batches, height, width, depth + 1))
    if graph.tensors[1].shape[3] > 1:
        assert "no multiple" in refusal(changed)


def test_depth_multiplier_must_match() -> None:
    graph = _small("DEPTHWISE_CONV_2D")
    assert "depth multiplier 7" in refusal(with_options(graph, depth_multiplier=7))


def test_bias_listed_as_absent() -> None:
    for kind, count in (("CONV_2D", 0), ("DEPTHWISE_CONV_2D", 1)):
        graph = _small(kind)
        (operator,) = graph.operators
        changed = replace(operator, inputs=(*operator.inputs[:2], -1))
        assert len(unsupported(replace(graph, operators=(changed,)))) == count


def test_macs_and_roles(graph: Graph) -> None:
    (call,) = compile_graph(graph).calls
    weights, output = graph.tensors[1], graph.output_tensors[0]
    per_output = weights.elements // (
        weights.shape[0] if call.kind == "CONV_2D" else weights.shape[3]
    )
    assert call.macs == output.elements * per_output
    roles = [
        a.constant.role for a in call.arguments if isinstance(a, ConstantArgument) and a.constant
    ]
    assert roles == ["weights", "bias", "requantization", "requantization"]


@pytest.mark.parametrize(
    "kind",
    ["CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "CONV_2D int16"],
)
def test_a_zero_point_of_weights_counts_as_the_interpreter_has_it(kind: str) -> None:
    compared = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        graph = GENERATORS[kind](rng)
        weights = graph.tensors[graph.operators[0].inputs[1]]
        assert weights.quantization is not None
        count = len(weights.quantization.scales)
        moved = replace(weights.quantization, zero_points=(5,) * count)
        tensors = list(graph.tensors)
        tensors[weights.index] = replace(weights, quantization=moved)
        changed = replace(graph, tensors=tuple(tensors))
        inputs = [random_array(rng, graph, t, 1)[0] for t in graph.input_tensors]
        plan = compile_graph(changed)
        found = run_plan(plan, inputs, initial_state(plan))
        assert found[0].tobytes() == Oracle(write_model(changed)).run(inputs)[0].tobytes()
        compared += 1
    assert compared >= 4
