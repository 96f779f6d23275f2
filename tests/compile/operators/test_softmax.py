"""SOFTMAX: what is refused, and its scaling constants."""

import numpy as np
import pytest
from bench.operators.single import SingleOperator
from hypothesis import given
from hypothesis import strategies as st
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph, unsupported
from qmcu.compile.operators.softmax import difference_scaling
from qmcu.model.graph import Graph, Quantization


def _softmax(depth: int, scale: float = 0.1, beta: float = 1.0) -> Graph:
    operator = SingleOperator("SOFTMAX")
    operator.input((1, depth), Quantization((scale,), (5,)))
    return operator.graph(((1, depth), Quantization((1 / 256,), (-128,))), options={"beta": beta})


def test_what_is_refused() -> None:
    graph = _softmax(10)
    assert unsupported(graph) == []
    assert "1/256 and -128 are needed" in refusal(with_output(graph, scale=1 / 255))
    assert "1/256 and -128 are needed" in refusal(with_output(graph, zero_point=0))
    assert "beta 0.0" in refusal(with_options(graph, beta=0.0))
    assert "1/65536 and -32768" in refusal(with_output(graph, dtype="int16"))
    assert "output 0 output0 is int32" in refusal(with_output(graph, dtype="int32"))
    assert "is needed" in refusal(with_operand(graph, 0, shape=(1, 11)))
    assert "4096 classes" in refusal(_softmax(4096))


@pytest.mark.parametrize("depth", [1, 2, 10, 500])
@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0])
def test_near_the_exact_function(depth: int, scale: float) -> None:
    values = np.random.default_rng(depth).integers(-128, 128, size=(1, depth)).astype(np.int8)
    (found,) = run_plan(compile_graph(_softmax(depth, scale)), [values])
    exact = np.exp((values.astype(float) - values.max()) * scale)
    exact /= exact.sum()
    assert np.abs((found.astype(int) + 128) / 256 - exact).max() <= 1 / 256


def test_thousands_of_equal_classes_all_round_to_zero() -> None:
    (found,) = run_plan(compile_graph(_softmax(4095)), [np.full((1, 4095), 7, np.int8)])
    assert (found == -128).all()


@given(st.floats(min_value=1.0, max_value=1e12, exclude_min=True))
def test_scaled_differences_fit(real: float) -> None:
    multiplier, shift, smallest = difference_scaling(real)
    assert 1 << 30 <= multiplier < 1 << 31
    assert 0 <= shift <= 30
    assert smallest <= 0
    assert -smallest << shift < 1 << 31
