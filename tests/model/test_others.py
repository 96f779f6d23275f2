"""Operators that others of tflite-micro's compute: the same as NumPy, on both sides."""

import numpy as np
import pytest
from bench.operators.single import SingleOperator
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph, unsupported
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model
from qmcu.types import Array

_GRID = Quantization((0.02,), (-5,))


def _both(graph: Graph, *inputs: Array) -> Array:
    """What the device and tflite-micro give of the written form, from the file as it is."""
    data = write_model(graph)
    (found,) = run_plan(compile_graph(parse_model(data)), list(inputs))
    (expected,) = Oracle(data).run(list(inputs))
    assert found.tobytes() == expected.tobytes()
    return found


def _values(shape: tuple[int, ...], dtype: str) -> Array:
    rng = np.random.default_rng(3)
    if dtype == "float32":
        return rng.normal(size=shape).astype(np.float32)
    return rng.integers(-100, 100, shape).astype(dtype)


def _grid(dtype: str) -> Quantization | None:
    return _GRID if dtype == "int8" else None


@pytest.mark.parametrize("dtype", ["int8", "float32", "int32"])
def test_sequences_are_reversed_by_their_lengths(dtype: str) -> None:
    operator = SingleOperator("REVERSE_SEQUENCE")
    operator.input((2, 3, 4), _grid(dtype), dtype)
    operator.constant("lengths", np.array([2, 4, 0], np.int32))
    options = {"seq_dim": 2, "batch_dim": 1}
    x = _values((2, 3, 4), dtype)
    found = _both(operator.graph(((2, 3, 4), _grid(dtype)), options=options, dtype=dtype), x)
    expected = x.copy()
    expected[:, 0, :2], expected[:, 1] = x[:, 0, :2][:, ::-1], x[:, 1, ::-1]
    assert (found == expected).all()


@pytest.mark.parametrize("dtype", ["int8", "float32", "int32"])
def test_vectors_lie_on_diagonals(dtype: str) -> None:
    x = _values((2, 3), dtype)
    operator = SingleOperator("MATRIX_DIAG")
    operator.input((2, 3), _grid(dtype), dtype)
    found = _both(operator.graph(((2, 3, 3), _grid(dtype)), dtype=dtype), x)
    assert (found == x[..., np.newaxis] * np.eye(3, dtype=x.dtype)).all()
    operator = SingleOperator("MATRIX_SET_DIAG")
    operator.input((2, 3, 4), _grid(dtype), dtype)
    operator.input((2, 3), _grid(dtype), dtype)
    whole = _values((2, 3, 4), dtype)
    found = _both(operator.graph(((2, 3, 4), _grid(dtype)), dtype=dtype), whole, x)
    expected = whole.copy()
    expected[:, range(3), range(3)] = x
    assert (found == expected).all()


@pytest.mark.parametrize(("kind", "low"), [("RELU_N1_TO_1", -1), ("RELU_0_TO_1", 0)])
@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_numbers_are_cut_at_1(kind: str, low: int, dtype: str) -> None:
    operator = SingleOperator(kind)
    operator.input((256,), _grid(dtype), dtype)
    x = np.arange(-128, 128, dtype=np.int8)
    if dtype == "float32":
        x = np.linspace(-3, 3, 256, dtype=np.float32)
    found = _both(operator.graph(((256,), _grid(dtype)), dtype=dtype), x)
    ends = (low, 1) if dtype == "float32" else (low * 50 - 5, 45)
    assert (found == np.clip(x, *ends)).all()


@pytest.mark.parametrize("axis", [-1, 0, 1, 2])
def test_places_become_an_axis_anywhere(axis: int) -> None:
    places = np.array([[2, 0, -1, 3], [1, 1, 4, 0]], np.int32)
    shape = list(places.shape)
    shape.insert(axis if axis >= 0 else 2, 4)
    numbers = np.array([2, -1], np.float32)
    tensors = (
        Tensor(0, "places", places.shape, "int32"),
        Tensor(1, "depth", (), "int32", None, np.int32(4).tobytes()),
        Tensor(2, "on", (), "float32", None, numbers[:1].tobytes()),
        Tensor(3, "off", (), "float32", None, numbers[1:].tobytes()),
        Tensor(4, "rows", tuple(shape), "float32"),
    )
    operator = Operator(0, "ONE_HOT", (0, 1, 2, 3), (4,), {"axis": axis})
    found = _both(Graph("m", tensors, (operator,), (0,), (4,)), places)
    rows = np.where(np.arange(4) == places[..., np.newaxis], numbers[0], numbers[1])
    assert (found == np.moveaxis(rows, -1, axis)).all()


def _refused(kind: str, shape: tuple[int, ...], out: tuple[int, ...], *lengths: int) -> bool:
    operator = SingleOperator(kind)
    operator.input(shape, None, "float32")
    if lengths:
        operator.constant("lengths", np.array(lengths, np.int32))
    options = {"seq_dim": 1, "batch_dim": 0} if lengths else {}
    problems = unsupported(operator.graph((out, None), options=options, dtype="float32"))
    return any("tflite-micro has no such operator" in problem for problem in problems)


def test_other_lengths_and_shapes_are_refused() -> None:
    for lengths in ((1, 5), (-1, 2), (1,), (1, 2, 3)):
        assert _refused("REVERSE_SEQUENCE", (2, 4), (2, 4), *lengths)
    assert _refused("REVERSE_SEQUENCE", (2, 4), (4, 2), 1, 2)
    assert _refused("MATRIX_DIAG", (2, 3), (2, 3, 4))
    assert _refused("MATRIX_DIAG", (1, 1000), (1, 1000, 1000))


def test_operands_that_are_not_there_are_refused() -> None:
    tensors = (Tensor(0, "x", (2, 4), "float32"), Tensor(1, "y", (2, 4), "float32"))
    for kind in ("REVERSE_SEQUENCE", "MATRIX_SET_DIAG", "ONE_HOT"):
        for inputs in ((0,), (0, -1), (0, -1, -1, -1)):
            graph = Graph("m", tensors, (Operator(0, kind, inputs, (1,)),), (0,), (1,))
            assert unsupported(graph) == [
                f"#0 {kind}: tflite-micro has no such operator; write the layer with others that "
                "are, or compute it outside of the model"
            ]
