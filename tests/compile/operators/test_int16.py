"""Operators of int16: what is refused, extremes of sums and multipliers, and the tables."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.single import SingleOperator
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output
from tests.compile.operators.host_kernel import initial_state, run_plan

from qmcu.compile import compile_graph, unsupported
from qmcu.compile.operators.activations_s16 import sigmoid_table
from qmcu.compile.operators.softmax_s16 import tables
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model


def _graph(kind: str, fits: Callable[[Graph], bool]) -> Graph:
    graphs = (GENERATORS[f"{kind} int16"](np.random.default_rng(seed)) for seed in range(100))
    return next(graph for graph in graphs if fits(graph))


def _has_bias(dtype: str) -> Callable[[Graph], bool]:
    return lambda g: any(t.name == "bias" and t.dtype == dtype for t in g.tensors)


def _bias(values: list[int], dtype: str) -> dict[str, Any]:
    data = np.array(values, dtype)
    return {"dtype": dtype, "data": data.tobytes()}


def test_a_bias_of_32_bits_is_for_two_of_the_four() -> None:
    for kind, position in (("DEPTHWISE_CONV_2D", 2), ("TRANSPOSE_CONV", 3)):
        graph = _graph(kind, _has_bias("int64"))
        channels = graph.output_tensors[0].shape[-1]
        assert unsupported(graph) == []
        found = refusal(with_operand(graph, position, **_bias([1] * channels, "int32")))
        assert "bias bias is int32" in found
    for kind in ("CONV_2D", "FULLY_CONNECTED"):
        assert unsupported(_graph(kind, _has_bias("int32"))) == []


def test_sums_and_multipliers_of_64_bits_have_limits() -> None:
    graph = _graph("FULLY_CONNECTED", _has_bias("int64"))
    channels = graph.output_tensors[0].shape[-1]
    found = refusal(with_operand(graph, 2, **_bias([1 << 47] * channels, "int64")))
    assert "sums below 2^47" in found
    graph = with_options(_graph("CONV_2D", _has_bias("int64")), fused_activation_function="NONE")
    scales = [max(t.quantization.scales) for t in graph.tensors[:2] if t.quantization]
    assert unsupported(with_output(graph, scale=scales[0] * scales[1] / 16000)) == []
    assert "less than 2^14" in refusal(with_output(graph, scale=scales[0] * scales[1] / 17000))


def test_zero_points_are_zero() -> None:
    graph = _graph("ADD", lambda g: len(g.input_tensors) == 2)
    assert "zero point 3, 0 is needed" in refusal(with_operand(graph, 0, zero_point=3))
    assert "zero point 3, 0 is needed" in refusal(with_output(graph, zero_point=3))


def test_outputs_of_sigmoids_have_one_scale() -> None:
    for kind in ("LOGISTIC", "TANH"):
        graph = _graph(kind, lambda _: True)
        assert "2^-15 is needed" in refusal(with_output(graph, scale=2.0**-14))
    graph = _graph("SOFTMAX", lambda _: True)
    assert "2^-15 is needed" in refusal(with_output(graph, scale=2.0**-14))
    assert "outside 0 to 5" in refusal(with_options(graph, beta=1e9))


def test_the_tables_are_near_their_functions() -> None:
    x = np.arange(256) / 24
    assert np.abs((sigmoid_table() + 2.0**15) / 2**16 - 1 / (1 + np.exp(-x))).max() < 2e-5
    exponentials, reciprocals = tables()
    x = np.arange(513) / 512
    assert np.abs(exponentials / 2.0**15 - np.exp(10 * (x - 1))).max() < 1e-4
    assert np.abs(reciprocals / 2.0**15 - 1 / (1 + x)).max() < 1e-4


@pytest.mark.parametrize("kind", ["LOGISTIC", "TANH", "SOFTMAX"])
@pytest.mark.parametrize("scale", [2.0**-12, 2.0**-11, 1e-3, 2.5e-5])
def test_every_int16_equals_the_oracle(kind: str, scale: float) -> None:
    operator = SingleOperator(kind)
    shape = (256, 256)
    operator.input(shape, Quantization((scale,), (0,)), "int16")
    options = {"beta": 1.0} if kind == "SOFTMAX" else {}
    graph = operator.graph((shape, Quantization((2.0**-15,), (0,))), options=options, dtype="int16")
    inputs = [np.arange(-(2**15), 2**15, dtype=np.int16).reshape(shape)]
    (found,) = run_plan(compile_graph(graph), inputs)
    (expected,) = Oracle(write_model(graph)).run(inputs)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("bias", [[2**31 - 1], [-(2**31)], [2**30], [0]])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("scale", [2.0**-24, 3e-8, 1e-3])
def test_extreme_sums(bias: list[int], dtype: str, scale: float) -> None:
    operator = SingleOperator("FULLY_CONNECTED")
    operator.input((1, 600), Quantization((2.0**-15,), (0,)), "int16")
    operator.constant("weights", np.full((1, 600), -128, np.int8), Quantization((2.0**-7,), (0,)))
    product = Quantization((2.0**-22,), (0,))
    operator.constant("bias", np.array(bias, dtype), product)
    options = {"fused_activation_function": "NONE", "weights_format": "DEFAULT"}
    graph = operator.graph(
        ((1, 1), Quantization((scale,), (0,))), options=options, version=5, dtype="int16"
    )
    plan, oracle = compile_graph(graph), Oracle(write_model(graph))
    for value in (-(2**15), 2**15 - 1, 1):
        inputs = [np.full((1, 600), value, np.int16)]
        (found,), (expected,) = run_plan(plan, inputs), oracle.run(inputs)
        assert found.tobytes() == expected.tobytes()


def test_zeros_of_scale_0_make_products_of_0() -> None:
    operator = SingleOperator("MUL")
    operator.input((1, 4), Quantization((1e-4,), (0,)), "int16")
    operator.constant("zeros", np.zeros((1, 4), np.int16), Quantization((0.0,), (0,)))
    options = {"fused_activation_function": "NONE"}
    result = ((1, 4), Quantization((3.6e-43,), (0,)))
    graph = operator.graph(result, options=options, dtype="int16")
    (found,) = run_plan(compile_graph(graph), [np.arange(4, dtype=np.int16).reshape(1, 4)])
    assert not found.any()
    relu = replace(graph.operators[0], options={"fused_activation_function": "RELU6"})
    assert "too small for RELU6" in refusal(replace(graph, operators=(relu,)))


@pytest.mark.parametrize("ratio", [100, 1000, 16000])
def test_sums_of_matrix_products_wrap_at_32_bits(ratio: int) -> None:
    grids = [Quantization((float(np.float32(s)),), (0,)) for s in (1e-3, 1e-6 / ratio)]
    tensors = (
        Tensor(0, "a", (1, 2, 40), "int16", grids[0]),
        Tensor(1, "b", (1, 40, 3), "int16", grids[0]),
        Tensor(2, "product", (1, 2, 3), "int16", grids[1]),
    )
    graph = Graph("products", tensors, (Operator(0, "BATCH_MATMUL", (0, 1), (2,)),), (0, 1), (2,))
    rng = np.random.default_rng(0)
    inputs = [rng.integers(-32768, 32768, t.shape).astype(np.int16) for t in tensors[:2]]
    (wanted,) = Oracle(write_model(graph)).run(inputs)
    exact = inputs[0].astype(np.int64) @ inputs[1].astype(np.int64)
    assert np.any((exact > 0) != (wanted > 0))
    plan = compile_graph(graph)
    (found,) = run_plan(plan, inputs, initial_state(plan))
    assert found.tobytes() == wanted.tobytes()
