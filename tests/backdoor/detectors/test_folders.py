"""A folder of models is audited file by file; what cannot be is said and the others go on."""

from pathlib import Path

import pytest
from tests.support.firmware_project import write_chain

from qmcu.backdoor.detectors import audit_folder, folders
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


@pytest.mark.parametrize(
    ("integer", "floating"),
    [
        ("x.tflite", "x.keras"), ("x.tflite", "x.h5"), ("x.tflite", "x.onnx"),
        ("x.tflite", "x.pt2"), ("x.tflite", "x_float.tflite"), ("x_int8.tflite", "x.onnx"),
        ("x_int8.tflite", "x_float.tflite"), ("x-int8.tflite", "x-fp32.keras"),
        ("x_int8.tflite", "x/saved_model.pb"),
    ],
)  # fmt: skip
def test_every_float_format_is_paired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, integer: str, floating: str
) -> None:
    pairs: list[tuple[Path | None, Path]] = []

    def note(floating: Path | None, integer: Path, *_: object) -> str:
        pairs.append((floating, integer))
        return "not audited here"

    monkeypatch.setattr(folders, "audit_pair", note)
    (tmp_path / floating).parent.mkdir(exist_ok=True)
    for name in (integer, floating, "y.tflite"):
        (tmp_path / name).write_bytes(b"")
    audit_folder(tmp_path, tmp_path)
    model = tmp_path / floating.removesuffix("/saved_model.pb")
    assert pairs == [(model, tmp_path / integer), (None, tmp_path / "y.tflite")]


def test_a_float_tflite_of_the_same_name_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path | None] = []

    def note(floating: Path | None, *_: object) -> str:
        seen.append(floating)
        return "not audited here"

    monkeypatch.setattr(folders, "audit_pair", note)
    for name in ("int8", "float"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.tflite").write_bytes(b"")
    audit_folder(tmp_path / "int8", tmp_path / "float")
    assert seen == [tmp_path / "float" / "x.tflite"]
