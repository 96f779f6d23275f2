"""What qmcu needs of the system it is installed on."""

import subprocess
import sys
from pathlib import Path

import pytest

from qmcu.device import pty
from qmcu.errors import ToolError
from qmcu.model import oracle_process

_PROGRAM = Path(__file__).parent / "support" / "as_on_windows.py"


def test_every_module_is_imported_without_posix_and_without_tflite_micro() -> None:
    done = subprocess.run(
        [sys.executable, str(_PROGRAM)], capture_output=True, text=True, check=True
    )
    *failed, count = done.stdout.splitlines()
    assert failed == []
    assert int(count.split()[0]) > 400


def test_what_needs_posix_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pty, "pty", None)
    with pytest.raises(ToolError, match="needs pseudo-terminals, which Windows has not"):
        pty.Port()
    monkeypatch.delattr("os.fork")
    with pytest.raises(ToolError, match="processes that fork, which Windows has not"):
        oracle_process._Server()._start()
