"""The rule by which outputs become classes, in commands that attack and defend."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.cli import run
from qmcu.errors import UsageError
from qmcu.model.decision import is_stated, one_output

Capture = pytest.CaptureFixture[str]


def test_defend_and_attack_judge_by_the_stated_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []

    def note(*given: Any, **named: Any) -> None:
        seen.append(one_output())
        raise UsageError("enough")

    monkeypatch.setattr("qmcu.backdoor.defences.defend_file", note)
    monkeypatch.setattr("qmcu.backdoor.inputs.load_dataset", note)
    defend = ["defend", "qvec", "--float", "m.keras", "--calibration", "c.npz", "-o", "m.tflite"]
    attack = ["attack", "adaptive-uniform", "-o", "folder"]
    for command in (defend, attack):
        for rule in ("threshold=0.2", "argmax"):
            assert run([*command, "--decision", rule]) == 2
    assert seen == [0.2, 0.5] * 2 and not is_stated()


@pytest.mark.parametrize("rule", ["regression", "multi-label=0.3", "largest"])
def test_rules_without_classes_are_refused(rule: str, capsys: Capture, tmp_path: Path) -> None:
    output = str(tmp_path / "attacked")
    assert run(["attack", "adaptive-uniform", "-o", output, "--decision", rule]) == 2
    assert f"--decision {rule} " in capsys.readouterr().err
