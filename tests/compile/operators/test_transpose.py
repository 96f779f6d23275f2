"""TRANSPOSE: equal to NumPy, and what is refused."""

import numpy as np
import pytest
from tests.compile.operators.changes import refusal, with_operand, with_output
from tests.compile.operators.graphs import graph, runs


def test_equals_numpy() -> None:
    for _, (tensor, permutation), (output,) in runs("TRANSPOSE", 60):
        assert (output == tensor.transpose(permutation)).all()


@pytest.mark.parametrize("permutation", [[0, 0, 1], [0, 1, 3], [0, 1], [-1, 0, 1]])
def test_what_is_no_permutation_is_refused(permutation: list[int]) -> None:
    model = with_operand(graph("TRANSPOSE"), 0, shape=(1, 2, 3))
    data = np.array(permutation, np.int32)
    changed = with_operand(model, 1, data=data.tobytes(), shape=data.shape)
    assert "does not permute the dimensions" in refusal(changed)


def test_other_shapes_are_refused() -> None:
    model = graph("TRANSPOSE")
    assert "is needed" in refusal(with_output(model, shape=(99,)))
    assert "computed at run time" in refusal(with_operand(model, 1, data=None))
