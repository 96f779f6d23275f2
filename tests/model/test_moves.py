"""Moves whose result has another grid than what is moved."""

import numpy as np
import pytest

from qmcu.model.forms import settle
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model
from qmcu.types import Array

FINE, COARSE = Quantization((0.02,), (10,)), Quantization((0.05,), (-20,))
X = np.arange(-60, 60, 5, dtype=np.int8).reshape(1, 4, 6)


def _move(kind: str, grid: Quantization, *more: list[int], **options: OptionValue) -> bytes:
    constants = [np.array(values, np.int32) for values in more]
    tensors = [
        Tensor(0, "x", X.shape, "int8", FINE, None),
        Tensor(1, "y", X.shape, "int8", grid, None),
        *(Tensor(2 + i, f"c{i}", a.shape, "int32", None, a.tobytes())
          for i, a in enumerate(constants)),
    ]  # fmt: skip
    inputs = (0, *range(2, len(tensors)))
    operator = Operator(0, kind, inputs, (1,), dict(options), 1)
    return write_model(Graph("m", tuple(tensors), (operator,), (0,), (1,)))


def _real(values: Array, grid: Quantization) -> Array:
    return (values.astype(np.float64) - grid.zero_point) * grid.scale


@pytest.mark.parametrize(
    ("kind", "constant", "expected"),
    [("REVERSE_V2", [1], X[:, ::-1]), ("TRANSPOSE", [0, 1, 2], X), ("RESHAPE", [1, 4, 6], X)],
)
def test_a_move_between_two_grids_keeps_its_numbers(
    kind: str, constant: list[int], expected: Array
) -> None:
    data = settle(_move(kind, COARSE, constant))
    assert [op.kind for op in parse_model(data, "m").operators] == ["QUANTIZE", kind]
    (found,) = Oracle(data).run([X])
    assert np.abs(_real(found, COARSE) - _real(expected, FINE)).max() <= COARSE.scale / 2 + 1e-9


def test_a_move_on_one_grid_keeps_its_bytes() -> None:
    data = _move("REVERSE_V2", FINE, [1])
    assert settle(data) is data


def test_parts_are_brought_to_the_grid_of_the_whole() -> None:
    tensors = (
        Tensor(0, "a", (1, 3), "int8", FINE, None),
        Tensor(1, "b", (1, 3), "int8", COARSE, None),
        Tensor(2, "y", (2, 1, 3), "int8", COARSE, None),
    )
    pack = Operator(0, "PACK", (0, 1), (2,), {"axis": 0, "values_count": 2}, 1)
    data = settle(write_model(Graph("m", tensors, (pack,), (0, 1), (2,))))
    assert [op.kind for op in parse_model(data, "m").operators] == ["QUANTIZE", "PACK"]
    a, b = X[0, :1, :3], X[0, 1:2, :3]
    (found,) = Oracle(data).run([a, b])
    wanted = np.stack([_real(a, FINE), _real(b, COARSE)])
    assert np.abs(_real(found, COARSE) - wanted).max() <= COARSE.scale / 2 + 1e-9


def test_a_choice_between_numbers_on_two_grids() -> None:
    """Which is smaller is told by the numbers, and the interpreter compares their bytes."""
    tensors = (
        Tensor(0, "x", X.shape, "int8", FINE, None),
        Tensor(1, "y", X.shape, "int8", COARSE, None),
        Tensor(2, "least", X.shape, "int8", COARSE, None),
    )
    operator = Operator(0, "MINIMUM", (0, 1), (2,), {}, 1)
    data = settle(write_model(Graph("m", tensors, (operator,), (0, 1), (2,))))
    other = X[:, ::-1]
    (found,) = Oracle(data).run([X, other])
    expected = np.minimum(_real(X, FINE), _real(other, COARSE))
    assert np.abs(_real(found, COARSE) - expected).max() <= COARSE.scale / 2 + 1e-9
