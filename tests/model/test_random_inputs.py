"""Random values of every type, within what their readers take."""

import numpy as np
import pytest

from qmcu.errors import VectorError
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.random_inputs import random_array
from qmcu.model.vectors import quantize


def reader(kind: str, given: Tensor, *others: Tensor, at: int = 0) -> Graph:
    """One operator that reads `given` as its operand `at`."""
    output = Tensor(len(others) + 1, "out", (4,), "int8", Quantization((0.5,), (10,)))
    operands = list(range(1, len(others) + 1))
    operands.insert(at, 0)
    operator = Operator(0, kind, tuple(operands), (output.index,))
    return Graph("g", (given, *others, output), (operator,), (0,), (output.index,))


def draw(graph: Graph, count: int = 500) -> np.ndarray:
    return random_array(np.random.default_rng(1), graph, graph.tensors[0], count)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32"])
def test_quantized_integers_fill_their_type(dtype: str) -> None:
    values = draw(reader("ABS", Tensor(0, "in", (4,), dtype, Quantization((0.1,), (0,)))))
    info = np.iinfo(dtype)
    assert values.dtype == np.dtype(dtype) and values.shape == (500, 4)
    margin = 0.05 * (int(info.max) - int(info.min))
    assert values.min() < info.min + margin and values.max() > info.max - margin


def test_real_numbers_cover_what_is_quantized_and_more() -> None:
    values = draw(reader("QUANTIZE", Tensor(0, "in", (4,), "float32")))
    low, high = (-128 - 10) * 0.5, (127 - 10) * 0.5
    assert values.dtype == np.float32 and np.isfinite(values).all()
    assert low - 0.11 * (high - low) < values.min() < low < high < values.max()
    assert (values == 0).any() and np.signbit(values[values == 0]).any()


def test_indices_lie_within_what_they_choose_from() -> None:
    table = Tensor(1, "table", (7, 2), "int8", Quantization((0.5,), (10,)))
    values = draw(reader("GATHER", Tensor(0, "in", (4,), "int32"), table, at=1))
    assert set(np.unique(values)) == set(range(7))


def test_bools_are_both() -> None:
    values = draw(reader("LOGICAL_NOT", Tensor(0, "in", (4,), "bool")))
    assert values.dtype == np.bool_ and values.any() and not values.all()


def test_given_values_become_the_input_s_type() -> None:
    unsigned = Tensor(0, "in", (4,), "uint8", Quantization((0.5,), (128,)))
    assert quantize(np.array([-1.0, 0.0, 100.0]), unsigned).tolist() == [126, 128, 255]
    real = Tensor(0, "in", (4,), "float32")
    assert quantize(np.array([1, -2]), real).dtype == np.float32
    with pytest.raises(VectorError, match="not a number"):
        quantize(np.array([np.nan]), real)
    count = Tensor(0, "in", (4,), "int32")
    assert quantize(np.array([3.0]), count).tolist() == [3]
    with pytest.raises(VectorError, match="no scale to quantize real inputs with; give int32"):
        quantize(np.array([3.5]), count)
