"""ADD, SUB, MUL, MAXIMUM, MINIMUM: close to the real numbers, and what is refused.

test_equal_to_oracle.py compares the bytes; here the arithmetic is held against real numbers.
"""

import re

import numpy as np
import numpy.typing as npt
import pytest
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output
from tests.compile.operators.graphs import graph, runs
from tests.compile.operators.host_kernel import initial_state, run_plan

from qmcu.compile import compile_graph
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.random_inputs import random_array
from qmcu.model.writer import write_model

BINARY = {
    "ADD": np.add,
    "SUB": np.subtract,
    "MUL": np.multiply,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
}
BOUNDS = {"RELU": (0, np.inf), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1)}


def _real(values: npt.NDArray[np.int8], tensor: Tensor) -> npt.NDArray[np.float64]:
    assert tensor.quantization is not None
    centered = values.astype(np.float64) - tensor.quantization.zero_point
    return centered * tensor.quantization.scale


@pytest.mark.parametrize("kind", BINARY)
def test_close_to_the_real_result(kind: str) -> None:
    for model, operands, (output,) in runs(kind, 60):
        (operator,) = model.operators
        first, second = (
            _real(values, model.tensors[i])
            for values, i in zip(operands, operator.inputs, strict=True)
        )
        real = BINARY[kind](first, second)
        activation = operator.options.get("fused_activation_function", "NONE")
        if activation not in ("NONE", "TANH", "SIGN_BIT"):
            real = np.clip(real, *BOUNDS[str(activation)])
        target = model.output_tensors[0]
        low, high = _real(np.array([-128, 127], np.int8), target)
        assert output.shape == target.shape
        error = np.abs(_real(output, target) - np.clip(real, low, high))
        scale = target.quantization.scale  # type: ignore[union-attr]
        # Two roundings after each other: 1/2 and then at most 1/4 more.
        assert error.max() <= 0.76 * scale + 1e-6 * np.abs(real).max()


def _two(kind: str, first: tuple[int, ...], second: tuple[int, ...]) -> Graph:
    same = Quantization((0.5,), (3,))
    output = np.broadcast_shapes(first, second)
    tensors = tuple(
        Tensor(i, f"t{i}", shape, "int8", same) for i, shape in enumerate((first, second, output))
    )
    return Graph("two", tensors, (Operator(0, kind, (0, 1), (2,)),), (0, 1), (2,))


@pytest.mark.parametrize("kind", BINARY)
def test_output_may_lie_over_what_is_not_repeated_only(kind: str) -> None:
    (call,) = compile_graph(_two(kind, (4, 6), (6,))).calls
    assert call.may_overlay == ((0, 2),)
    (call,) = compile_graph(_two(kind, (4, 6), (4, 6))).calls
    assert call.may_overlay == ((0, 2), (1, 2))


@pytest.mark.parametrize("kind", BINARY)
def test_shapes_are_refused(kind: str) -> None:
    model = _two(kind, (4, 6), (6,))
    unequal = with_operand(model, 1, shape=(5,))
    assert "t0 int8[4x6] and t1 int8[5] do not broadcast" in refusal(unequal)
    assert "has shape (6, 4), (4, 6) is needed" in refusal(with_output(model, shape=(6, 4)))
    deep = with_operand(model, 1, shape=(1,) * 7)
    assert "7 dimensions, 0 to 6" in refusal(deep)


@pytest.mark.parametrize(
    ("kind", "position", "scale", "reason"),
    [
        ("ADD", 0, 1e6, "multiplier 2, between 0 and 1"),
        ("SUB", 1, 1e6, "multiplier 2, between 0 and 1"),
        ("SUB", 1, 3e38, "multiplier"),
        ("MUL", 0, 1e5, "1e.05 times the output's, less than 16384"),
    ],
)
def test_scales_are_refused(kind: str, position: int, scale: float, reason: str) -> None:
    model = with_operand(_two(kind, (2,), (2,)), position, scale=scale)
    if kind in ("ADD", "SUB"):
        model = with_output(model, scale=scale * 2.0**-20)
    if kind == "MUL":
        model = with_output(with_operand(model, 1, scale=1.0), scale=1.0)
    assert re.search(reason, refusal(model))


@pytest.mark.parametrize("kind", ["ADD", "SUB", "MUL"])
def test_activations_that_the_interpreter_ignores_are_not_computed(kind: str) -> None:
    plain = with_options(graph(kind), fused_activation_function="NONE")
    for ignored in ("TANH", "SIGN_BIT"):
        fused = with_options(plain, fused_activation_function=ignored)
        assert compile_graph(fused).calls == compile_graph(plain).calls


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
def test_any_number_of_dimensions_where_nothing_is_repeated(dtype: str) -> None:
    grid = {"int8": Quantization((0.05,), (3,)), "int16": Quantization((0.001,), (0,))}.get(dtype)
    shape = (2, 1, 2, 3, 1, 2, 2)
    tensors = tuple(Tensor(i, f"t{i}", shape, dtype, grid) for i in range(3))
    options: dict[str, OptionValue] = {"fused_activation_function": "NONE"}
    model = Graph("add", tensors, (Operator(0, "ADD", (0, 1), (2,), options),), (0, 1), (2,))
    rng = np.random.default_rng(0)
    inputs = [random_array(rng, model, t, 1)[0] for t in tensors[:2]]
    plan = compile_graph(model)
    (found,) = run_plan(plan, inputs, initial_state(plan))
    assert found.tobytes() == Oracle(write_model(model)).run(inputs)[0].tobytes()
