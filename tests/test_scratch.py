"""What a killed process leaves behind is gone after the next start."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qmcu import scratch
from qmcu.cli import run
from qmcu.files import replace_directory, write_atomic

CHILD = """
import sys, time
from pathlib import Path
from qmcu.scratch import ScratchFolder
from qmcu.files import replace_directory
with ScratchFolder("test") as folder, replace_directory(Path(sys.argv[1])):
    (Path(folder) / "file").write_text("x")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setattr(scratch, "YOUNG_S", 0.0)
    monkeypatch.setattr("qmcu.files.YOUNG_S", 0.0)
    return folder


def test_a_killed_process_is_cleaned_up_after(tmp_path: Path, temporary: Path) -> None:
    output = tmp_path / "out"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(output)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )  # fmt: skip
    assert child.stdout is not None
    folder = Path(child.stdout.readline().strip())
    assert folder.parent == temporary
    assert run(["boards"]) == 0
    assert (folder / "file").exists()
    assert len(list(tmp_path.glob(".out.*.tmp"))) == 1
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert run(["boards"]) == 0
    assert not folder.exists()
    with replace_directory(output) as fresh:
        (fresh / "report.json").write_text('{"qmcu": 1}')
    assert not list(tmp_path.glob(".out.*"))


def test_a_kill_between_the_renames_loses_nothing(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with replace_directory(output) as fresh:
        (fresh / "report.json").write_text('{"qmcu": 1}')
    output.rename(tmp_path / ".out.0123abcd.old")
    (tmp_path / "x.json").mkdir()
    time.sleep(0.01)
    with pytest.raises(KeyError), replace_directory(output):
        raise KeyError
    assert (output / "report.json").exists()
    assert not list(tmp_path.glob(".out.*"))


def test_torn_files_go_and_folders_of_others_stay(tmp_path: Path, temporary: Path) -> None:
    (tmp_path / ".a.json.0123abcd.tmp").write_text("torn")
    mine = tmp_path / ".a.json.backup.tmp"
    mine.write_text("mine")
    other = temporary / "qmcu-mine"
    other.mkdir()
    time.sleep(0.01)
    write_atomic(tmp_path / "a.json", "x")
    scratch.remove_left_over()
    assert not (tmp_path / ".a.json.0123abcd.tmp").exists()
    assert mine.exists() and other.exists()


def test_a_young_folder_is_left_alone(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = temporary / f"{scratch.PREFIX}x"
    folder.mkdir()
    monkeypatch.setattr(scratch, "YOUNG_S", 60.0)
    scratch.remove_left_over()
    assert folder.exists()
