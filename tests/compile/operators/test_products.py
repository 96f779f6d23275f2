"""Sums, products and reductions: equal to exact arithmetic within rounding; what is refused."""

import numpy as np
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output
from tests.compile.operators.graphs import graph, runs

from qmcu.compile.operators.fixed_point import inverse_sqrt


def test_extremes_equal_numpy() -> None:
    for kind, function in (("REDUCE_MAX", np.max), ("REDUCE_MIN", np.min)):
        for model, (tensor, axes), (output,) in runs(kind, 40):
            rank = tensor.ndim
            chosen = tuple({int(a) % rank for a in axes})
            keep = bool(model.operators[0].options["keep_dims"])
            assert (output == function(tensor, axis=chosen, keepdims=keep)).all()


def test_inverse_sqrt_is_near() -> None:
    for number in (1, 2, 3, 77, 255, 65025, (1 << 29) + 5, (1 << 31) - 1):
        multiplier, shift = inverse_sqrt(number)
        assert abs(multiplier * 2.0 ** (shift - 31) * number**0.5 - 1) < 1e-3


def test_scales_outside_are_refused() -> None:
    assert "multiplier" in refusal(with_output(graph("PRELU"), scale=1e-12))
    assert "multiplier" in refusal(with_output(graph("SQUARED_DIFFERENCE"), scale=1e-12))
    assert "multiplier" in refusal(with_output(graph("ADD_N"), scale=1e-12))
    assert "multiplier" in refusal(with_output(graph("CUMSUM"), scale=1e-12))
    assert "multiplier" in refusal(with_output(graph("RSQRT"), scale=1e12))
    assert "multiplier" in refusal(with_output(graph("BATCH_MATMUL"), scale=1e-38))


def test_other_shapes_are_refused() -> None:
    assert "cannot be multiplied" in refusal(
        with_operand(graph("BATCH_MATMUL", 1), 0, shape=(7, 999))
    )
    assert "has not the shape" in refusal(with_output(graph("BATCH_MATMUL"), shape=(99,)))
    assert "has not the shape" in refusal(with_output(graph("ADD_N"), shape=(99,)))


def test_options_that_are_not_computed_are_refused() -> None:
    model = with_options(graph("L2_NORMALIZATION"), fused_activation_function="RELU")
    assert "fused activation RELU" in refusal(model)
    assert "is not quantized like" in refusal(with_operand(graph("ADD_N"), 1, zero_point=77))
