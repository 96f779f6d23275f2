"""An attack as a folder."""

from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.attacks.folder import write_attack
from qmcu.backdoor.attacks.method import AttackContext
from qmcu.backdoor.attacks.run import run_attack
from qmcu.backdoor.inputs.datasets import Dataset


def test_a_run_is_written_whole_and_is_the_same_twice(
    digits: Dataset, honest: Any, context: AttackContext, tmp_path: Any
) -> None:
    runs = [
        run_attack("lattice", honest, digits, context.trigger, seed=5, steps=10, limit=40)
        for _ in range(2)
    ]
    assert runs[0].attacked_integer == runs[1].attacked_integer
    write_attack(runs[0], tmp_path / "out", limit=40)
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {
        ".qmcu-files.json",
        "model.keras", "model.tflite", "honest.keras", "honest.tflite", "trigger.json",
        "trigger.npz", "calibration.npz", "test.npz", "attack.json",
    }  # fmt: skip
