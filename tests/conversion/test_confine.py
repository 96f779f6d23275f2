"""A confined process writes in its folder only and opens no socket."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qmcu.conversion import confine
from qmcu.conversion.process import ConverterProcess
from qmcu.errors import ToolError

_PROGRAM = """
import socket, sys
from pathlib import Path
from qmcu.conversion.confine import confine
own, other = Path(sys.argv[1]), Path(sys.argv[2])
confine(own)
(own / "written").write_text("x")
def fails(act):
    try:
        act()
    except OSError:
        return True
    return False
acts = [
    lambda: (other / "new").write_text("x"),
    lambda: (other / "old").write_text("x"),
    lambda: (other / "old").unlink(),
    lambda: (other / "folder").mkdir(),
    lambda: (own / "written").rename(other / "moved"),
    lambda: socket.socket(socket.AF_INET),
    lambda: socket.socket(socket.AF_UNIX),
]
print([fails(act) for act in acts], (other / "old").read_text())
"""


@pytest.mark.skipif(not confine.can_confine(), reason="the kernel has no Landlock")
def test_nothing_outside_is_written_and_no_socket_opened(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (other / "old").write_text("kept")
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(own), str(other)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == f"{[True] * 7} kept"
    assert [p.name for p in other.iterdir()] == ["old"]
    assert (own / "written").exists()


def test_a_saved_model_that_nothing_can_confine_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorflow")
    (tmp_path / "saved_model.pb").write_bytes(b"")
    monkeypatch.setattr(confine, "can_confine", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ToolError, match=r"keep it from that .*bubblewrap.*--trust"):
        ConverterProcess(tmp_path)


def test_bubblewrap_is_taken_where_the_kernel_does_not_do_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confine, "can_confine", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    before = confine.wrapper(tmp_path)
    assert before is not None
    assert before[0] == "/usr/bin/bwrap"
    assert {"--unshare-net", "--ro-bind", str(tmp_path)} <= set(before)
