"""Inputs of a model with several of them, as one."""

import pytest

from qmcu.backdoor.detectors.given_inputs import parts_of
from qmcu.errors import UnsupportedModelError
from qmcu.model.graph import Graph, Operator, Quantization, Tensor


def added(*shapes: tuple[int, ...]) -> Graph:
    """The sum of inputs of these shapes."""
    grid = Quantization((0.1,), (0,))
    tensors = tuple(Tensor(i, f"t{i}", shape, "int8", grid) for i, shape in enumerate(shapes))
    total = Tensor(2, "t2", shapes[0], "int8", grid)
    return Graph("added", (*tensors, total), (Operator(0, "ADD", (0, 1), (2,)),), (0, 1), (2,))


def test_every_input_has_a_batch_in_front() -> None:
    parts = parts_of(added((1, 2, 4), (1, 4)), None)
    assert parts is not None
    with pytest.raises(UnsupportedModelError, match=r"t1 is \[4\], without a batch of 1"):
        parts_of(added((1, 2, 4), (4,)), None)
