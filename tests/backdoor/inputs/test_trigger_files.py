"""Triggers put on the inputs of a file."""

from pathlib import Path

import numpy as np
import pytest
from tests.support.small_models import dense

from qmcu.backdoor.inputs.trigger_files import trigger_arrays
from qmcu.backdoor.inputs.triggers import Trigger
from qmcu.errors import VectorError
from qmcu.model import write_model


def first_value() -> Trigger:
    mask = np.array([1, 0, 0, 0, 0, 0], np.float32)
    return Trigger("t", "any", mask, mask, 0, 0.0, 1.0)


def test_real_inputs_and_their_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", inputs=np.zeros((3, 6), np.float32), labels=np.arange(3))
    made = trigger_arrays(first_value(), tmp_path / "x.npz", limit=2)
    assert made["inputs"].tolist() == [[1, 0, 0, 0, 0, 0]] * 2
    assert made["triggered"].all() and made["labels"].tolist() == [0, 1]


def test_with_a_model_the_trigger_is_applied_in_int8(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(write_model(dense()))
    np.savez(tmp_path / "x.npz", inputs=np.zeros((3, 6), np.float32))
    made = trigger_arrays(first_value(), tmp_path / "x.npz", tmp_path / "m.tflite")
    rows = made["inputs"].reshape(3, 6)
    assert rows.dtype == np.int8 and "labels" not in made
    assert np.all(rows[:, 0] > rows[:, 1])


def test_int8_inputs_need_the_model_they_are_for(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", inputs=np.zeros((3, 6), np.int8))
    with pytest.raises(VectorError, match="int8 ones need the model"):
        trigger_arrays(first_value(), tmp_path / "x.npz")
