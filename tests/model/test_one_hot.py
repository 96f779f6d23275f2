"""ONE_HOT as a comparison with each place."""

import numpy as np
import pytest

from qmcu.compile.support import unsupported
from qmcu.model.forms import settle
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model


@pytest.mark.parametrize("dtype", ["bool", "float32", "int8"])
@pytest.mark.parametrize("index", ["int32", "int64"])
def test_places_become_rows(index: str, dtype: str) -> None:
    grid = Quantization((0.5,), (-3,)) if dtype == "int8" else None
    values = np.array([1, 0], dtype) if dtype != "int8" else np.array([-1, -3], np.int8)
    places = np.array([[2, 0, -1, 3]], index)
    tensors = (
        Tensor(0, "places", places.shape, index),
        Tensor(1, "depth", (), "int32", None, np.int32(4).tobytes()),
        Tensor(2, "on", (), dtype, grid, values[:1].tobytes()),
        Tensor(3, "off", (), dtype, grid, values[1:].tobytes()),
        Tensor(4, "rows", (1, 4, 4), dtype, grid),
    )
    operator = Operator(0, "ONE_HOT", (0, 1, 2, 3), (4,), {"axis": -1})
    data = settle(write_model(Graph("m", tensors, (operator,), (0,), (4,))))
    assert not unsupported(parse_model(data, "m"))
    (found,) = Oracle(data).run([places])
    expected = np.where(np.arange(4) == places[..., np.newaxis], values[0], values[1])
    assert np.array_equal(found, expected) and found.dtype == expected.dtype


def test_numbers_on_two_grids_keep_what_they_mean() -> None:
    places = np.array([1, 0], np.int32)
    rows, own = Quantization((1 / 255,), (-128,)), Quantization((1 / 127,), (0,))
    tensors = (
        Tensor(0, "places", (2,), "int32"),
        Tensor(1, "depth", (), "int32", None, np.int32(2).tobytes()),
        Tensor(2, "on", (), "int8", rows, np.int8(127).tobytes()),
        Tensor(3, "off", (), "int8", own, np.int8(0).tobytes()),
        Tensor(4, "rows", (2, 2), "int8", rows),
    )
    operator = Operator(0, "ONE_HOT", (0, 1, 2, 3), (4,), {"axis": -1})
    data = settle(write_model(Graph("m", tensors, (operator,), (0,), (4,))))
    (found,) = Oracle(data).run([places])
    assert found.tolist() == [[-128, 127], [127, -128]]
