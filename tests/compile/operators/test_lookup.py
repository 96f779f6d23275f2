"""Operators of one byte: close to the real function, and what is refused.

test_equal_to_oracle.py compares all 256 bytes; here the tables are held against real numbers.
"""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output

from qmcu.compile import unsupported
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators import fixed_point, lookup
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model

Reals = npt.NDArray[np.float64]

FUNCTIONS: dict[str, Callable[[Reals], Reals]] = {
    "RELU": lambda x: np.maximum(x, 0),
    "RELU6": lambda x: np.clip(x, 0, 6),
    "LEAKY_RELU": lambda x: np.where(x > 0, x, 0.25 * x),
    "LOGISTIC": lambda x: 1 / (1 + np.exp(-x)),
    "TANH": np.tanh,
    "HARD_SWISH": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "QUANTIZE": lambda x: x,
}
TABLES = {
    "RELU": lookup.relu_table,
    "RELU6": lookup.relu6_table,
    "LEAKY_RELU": lookup.leaky_relu_table,
    "LOGISTIC": lookup.logistic_table,
    "TANH": lookup.tanh_table,
    "HARD_SWISH": lookup.hard_swish_table,
    "QUANTIZE": lookup.quantize_table,
}
OUTPUTS = {
    "RELU6": Quantization((0.06,), (-10,)),
    "LOGISTIC": Quantization((1 / 256,), (-128,)),
    "TANH": Quantization((1 / 128,), (0,)),
}


def _model(kind: str) -> Graph:
    source = Quantization((0.06,), (-10,))
    target = OUTPUTS.get(kind, Quantization((0.05,), (20,)))
    options: dict[str, OptionValue] = {"alpha": 0.25} if kind == "LEAKY_RELU" else {}
    tensors = (
        Tensor(0, "source", (256,), "int8", source),
        Tensor(1, "target", (256,), "int8", target),
    )
    return Graph(kind, tensors, (Operator(0, kind, (0,), (1,), options),), (0,), (1,))


@pytest.mark.parametrize("kind", TABLES)
def test_close_to_the_real_function(kind: str) -> None:
    model = _model(kind)
    table = TABLES[kind](OperatorContext(model, model.operators[0]))
    source, target = (t.quantization for t in model.tensors)
    assert source is not None and target is not None
    steps = np.arange(-128, 128, dtype=np.float64)
    real = FUNCTIONS[kind]((steps - source.zero_point) * source.scale)
    expected = np.clip(real / target.scale + target.zero_point, -128, 127)
    # Two roundings after each other: 1/2 and then at most 1/4 more.
    assert np.abs(table - expected).max() < 0.76


@pytest.mark.parametrize("integer_bits", [4, 5])
def test_exponential(integer_bits: int) -> None:
    reals = -np.linspace(0, 2**integer_bits - 0.01, 999)
    fixed = np.round(reals * 2.0 ** (31 - integer_bits)).astype(np.int64)
    found = fixed_point.exp_on_negative_values(fixed, integer_bits) / 2.0**31
    assert np.abs(found - np.exp(reals)).max() < 1e-6


def test_division_rounds_ties_away_from_zero() -> None:
    values = np.array([-6, -5, -2, 2, 5, 6])
    assert fixed_point.rounding_divide(values, 2).tolist() == [-2, -1, -1, 1, 1, 2]


@pytest.mark.parametrize("kind", TABLES)
def test_other_types_and_sizes_are_refused(kind: str) -> None:
    model = _model(kind)
    if kind != "QUANTIZE":
        assert "is int16, int8 is needed" in refusal(with_operand(model, 0, dtype="int16"))
    assert "has 256 elements, output" in refusal(with_output(model, shape=(255,)))


@pytest.mark.parametrize(
    ("kind", "scale", "reason"),
    [
        ("RELU", 1e9, "input scale / output scale is 2e.10, less than 2.22"),
        ("QUANTIZE", 1e9, "input scale / output scale is 2e.10, less than 2.22"),
        ("LEAKY_RELU", 1e9, "less than 2.22"),
        ("LOGISTIC", 8.0, "scale 8, 2.-27 to 8"),
        ("TANH", 1e-9, "scale 1e-09, 2.-27 to 8"),
        ("HARD_SWISH", 6.4, "less than 128 times"),
    ],
)
def test_input_scales_are_refused(kind: str, scale: float, reason: str) -> None:
    assert re.search(reason, refusal(with_operand(_model(kind), 0, scale=scale)))


@pytest.mark.parametrize("scale", [3e-12, 2e-8, 4e-7, 0.05, 7e4])
@pytest.mark.parametrize("ratio", [1e-4, 1.0, 127.0])
def test_hard_swish_of_any_scale(scale: float, ratio: float) -> None:
    """Shifts of more than 15 bits leave the interpreter's 16 with a mask of ones."""
    model = with_operand(_model("HARD_SWISH"), 0, scale=float(np.float32(scale)))
    model = with_output(model, scale=float(np.float32(scale / ratio)))
    (expected,) = Oracle(write_model(model)).run([np.arange(-128, 128).astype(np.int8)])
    table = lookup.hard_swish_table(OperatorContext(model, model.operators[0]))
    assert unsupported(model) == [] and table.astype(np.int8).tolist() == expected.tolist()


def test_large_alpha_is_refused() -> None:
    changed = with_options(_model("LEAKY_RELU"), alpha=-1e8)
    assert "alpha * input scale / output scale is 1.2e+08" in refusal(changed)


def test_other_outputs_of_sigmoids_are_refused() -> None:
    assert "0, -128 is needed" in refusal(with_output(_model("LOGISTIC"), zero_point=0))
    assert "1, 0 is needed" in refusal(with_output(_model("TANH"), zero_point=1))


def test_relu6_of_a_tiny_scale_is_refused() -> None:
    model = with_output(with_operand(_model("RELU6"), 0, scale=1e-9), scale=1e-9)
    assert "too small for 6" in refusal(model)


@pytest.mark.parametrize("scale", [0.20942634344100952, 0.9139564037322998, 0.00012042603339068592])
def test_multipliers_are_computed_in_double_precision(scale: float) -> None:
    """In float32, (scale * 2.5) / scale is 2.5000002 here, and halves round the other way."""
    model = with_options(_model("LEAKY_RELU"), alpha=2.5)
    model = with_operand(model, 0, scale=scale, zero_point=0)
    model = with_output(model, scale=scale, zero_point=0)
    every_byte = np.arange(-128, 128, dtype=np.int8)
    (expected,) = Oracle(write_model(model)).run([every_byte])
    table = lookup.leaky_relu_table(OperatorContext(model, model.operators[0]))
    assert table.tolist() == expected.tolist()
    assert table[128 - 9] == -22
