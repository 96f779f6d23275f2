"""A folder of models is audited file by file; what cannot be is said and the others go on."""

from pathlib import Path

import pytest
from tests.support.firmware_project import write_chain

from qmcu.backdoor.detectors import audit_folder
from qmcu.cli import run
from qmcu.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, seed in (("a", 1), ("b", 2)):
        made = write_chain(tmp_path, seed)
        made.rename(tmp_path / f"{name}.tflite")
    (tmp_path / "broken.tflite").write_bytes(b"TFL3")
    return tmp_path


def test_every_file_has_a_verdict_or_a_reason(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    audits = audit_folder(folder, progress=lambda done, total: told.append((done, total)))
    assert list(audits.results) == ["a.tflite", "b.tflite"]
    assert list(audits.failed) == ["broken.tflite"]
    assert "broken.tflite" in audits.failed["broken.tflite"]
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert not audits.passed


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--int8", str(folder), "--json", str(folder / "audits.json")]) == 2
    shown = capsys.readouterr().out
    assert "a.tflite" in shown
    assert "0 of 3 backdoored or damaged, 1 not audited" in shown
    assert '"failed"' in (folder / "audits.json").read_text()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no \.tflite files"):
        audit_folder(tmp_path)
