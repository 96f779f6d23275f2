"""Parts of a split that nobody reads."""

import numpy as np
import pytest

from qmcu.model.graph import Graph, Operator, OptionValue, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.unread_parts import without_unread_parts
from qmcu.model.writer import write_model

X = np.arange(24, dtype=np.float32).reshape(1, 4, 6)


def _constant(index: int, *numbers: int) -> Tensor:
    array = np.array(numbers[0] if len(numbers) == 1 else numbers, np.int32)
    return Tensor(index, f"c{index}", array.shape, "int32", None, array.tobytes())


def _split(kind: str, outputs: tuple[int, ...]) -> Graph:
    """X in three parts, the tensors 3, 4 and 5, of which `outputs` are read."""
    sizes = {"SPLIT": [2, 2, 2], "SPLIT_V": [1, 3, 2], "UNPACK": [1, 1, 1]}[kind]
    source = X[:, :3] if kind == "UNPACK" else X
    inputs = {"SPLIT": (1, 0), "SPLIT_V": (0, 2, 1), "UNPACK": (0,)}[kind]
    options: dict[str, OptionValue] = {"num_splits": 3}
    if kind == "UNPACK":
        options = {"num": 3, "axis": -2}
    parts = [(1, 6) if kind == "UNPACK" else (1, 4, n) for n in sizes]
    tensors = (
        Tensor(0, "x", source.shape, "float32", None, None),
        _constant(1, -1),
        _constant(2, *sizes),
        *(Tensor(3 + i, f"part{i}", shape, "float32", None, None) for i, shape in enumerate(parts)),
    )
    return Graph("m", tensors, (Operator(0, kind, inputs, (3, 4, 5), options, 1),), (0,), outputs)


@pytest.mark.parametrize("kind", ["SPLIT", "SPLIT_V", "UNPACK"])
def test_parts_that_are_read_keep_their_numbers(kind: str) -> None:
    graph = _split(kind, (5, 3))
    sliced = without_unread_parts(graph)
    assert [op.kind for op in sliced.operators] == ["STRIDED_SLICE"] * 2
    row = [X[:, :3] if kind == "UNPACK" else X]
    found = Oracle(write_model(sliced)).run(row)
    expected = Oracle(write_model(graph)).run(row)
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_a_split_that_is_read_whole_stays() -> None:
    graph = _split("SPLIT", (3, 4, 5))
    assert without_unread_parts(graph) is graph
