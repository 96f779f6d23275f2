"""Files appear whole or not at all, and devices stay devices."""

import os
import threading
from pathlib import Path

import pytest

from qmcu.errors import UsageError
from qmcu.files import read_regular, replace_directory, write_atomic


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    write_atomic(path, "one")
    write_atomic(path, b"two")
    assert path.read_text() == "two"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_atomic(pipe, "through")
    reader.join(timeout=10)
    assert read == [b"through"]
    assert pipe.is_fifo()


def test_a_directory_in_the_way_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write .*folder"):
        (tmp_path / "folder").mkdir()
        write_atomic(tmp_path / "folder", "x")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def write_folder(path: Path, names: dict[str, str]) -> None:
    with replace_directory(path) as folder:
        for name, text in {"report.json": '{"qmcu": "0"}', **names}.items():
            (folder / name).write_text(text)


def test_a_folder_is_replaced_and_other_files_in_it_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_folder(folder, {"old.c": "1", "both.c": "1"})
    (folder / "notes").mkdir()
    (folder / "notes/mine.txt").write_text("mine")
    write_folder(folder, {"both.c": "2"})
    found = {p.name: p.read_text() for p in folder.rglob("*") if p.is_file()}
    assert found.pop(".qmcu-files.json")
    assert found == {"report.json": '{"qmcu": "0"}', "both.c": "2", "mine.txt": "mine"}


def test_a_file_that_would_be_replaced_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_folder(folder, {})
    (folder / "new.c").write_text("mine")
    with pytest.raises(UsageError, match=r"not in its list .*: new\.c; move"):
        write_folder(folder, {"new.c": "ours"})
    assert (folder / "new.c").read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("text", ["{}", "[1]", "no json", '{"my": "report"}'])
def test_any_report_json_is_no_marker(tmp_path: Path, text: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/report.json").write_text(text)
    (tmp_path / "out/thesis.tex").write_text("x")
    with pytest.raises(UsageError, match=r"holds no report\.json of an earlier run"):
        write_folder(tmp_path / "out", {})
    assert (tmp_path / "out/thesis.tex").read_text() == "x"


def test_devices_and_folders_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="/dev/zero cannot be read: it is a device"):
        read_regular(Path("/dev/zero"))
    with pytest.raises(UsageError, match="it is a folder"):
        read_regular(tmp_path)
    (tmp_path / "big").write_bytes(bytes(11))
    with pytest.raises(UsageError, match="has 11 bytes, at most 10 are read"):
        read_regular(tmp_path / "big", most=10)
