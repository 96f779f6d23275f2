"""The interpreter behind the expected bytes."""

import numpy as np
import pytest
from tests.model.small_models import dense, two_inputs

from qmcu.errors import ModelError
from qmcu.model.oracle import Oracle, oracle_version
from qmcu.model.writer import write_model


def test_outputs_and_every_tensor() -> None:
    oracle = Oracle(write_model(two_inputs()))
    a = np.arange(8, dtype=np.int8).reshape(1, 2, 4)
    b = np.full((1, 2, 4), 3, np.int8)
    first, second = oracle.run([a, b])
    assert first.tolist() == np.maximum(a, b).tolist()
    assert second.tolist() == np.maximum(a, b).reshape(4, 2).tolist()
    tensors = oracle.all_tensors([a, b])
    assert sorted(tensors) == [0, 1, 2, 4]
    assert tensors[2].tolist() == first.tolist()


def test_a_dense_layer_by_hand() -> None:
    graph = dense()
    x = np.array([[1, -5, 100, -128, 127, 3]], np.int8)
    (output,) = Oracle(write_model(graph)).run([x])
    sums = (x.astype(int) - 3) @ graph.tensors[1].array.astype(int).T + graph.tensors[2].array
    expected = np.clip(np.round(sums * 0.125 / 32.0) + 3, 3, 127)
    assert np.abs(output - expected).max() <= 1


def test_wrong_input_count_and_unknown_operator_are_refused() -> None:
    with pytest.raises(ModelError, match="2 inputs and 1 were given"):
        Oracle(write_model(two_inputs())).run([np.zeros((1, 2, 4), np.int8)])
    assert oracle_version().startswith("tflite-micro ")
