"""Processes that tests start: their lines, and whether they are gone."""

import subprocess
import time
from pathlib import Path
from typing import AnyStr


def read_line(process: "subprocess.Popen[AnyStr]") -> AnyStr:
    """The next line that it prints; it was started with a pipe."""
    assert process.stdout is not None
    return process.stdout.readline()


def read_errors(process: "subprocess.Popen[AnyStr]") -> AnyStr:
    """All that it writes to standard error; it was started with a pipe."""
    assert process.stderr is not None
    return process.stderr.read()


def is_alive(pid: int) -> bool:
    """True while it runs; a zombie does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> bool:
    """True when it ends within 5 seconds."""
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(pid)
