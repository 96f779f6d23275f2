"""A command on a leased board ends before the lease does, whatever kills qmcu."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qmcu.shelf import is_free, load_shelf, run_group

PROGRAM = [sys.executable, "-c", "from qmcu.cli import main; main()"]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(file: Path) -> str:
    deadline = time.monotonic() + 20
    while not (file.exists() and file.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return file.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_killed_shelf_run_takes_its_command_along(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf.toml"
    shelf.write_text('[[board]]\nname = "a"\nboard = "stm32f746"\ntarget = "unicorn"\n')
    board = load_shelf(shelf)[0]
    told = tmp_path / "pids"
    script = f"sleep 300 & echo $$ $! >{told}; wait"
    process = subprocess.Popen([*PROGRAM, "shelf", "run", str(shelf), "--", "sh", "-c", script])
    pids = [int(pid) for pid in wait_for(told).split()]
    assert not is_free(board)
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 10
    while not is_free(board):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    while any(map(alive, pids)):  # killed, they take a moment to end
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_a_command_leaves_running_ends_with_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    code, _ = run_group(["sh", "-c", f"sleep 300 & echo $! >{told}; exit 3"], os.environ)
    assert code == 3
    pid = int(wait_for(told))
    deadline = time.monotonic() + 5
    while alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_hook_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    with pytest.raises(subprocess.TimeoutExpired):
        run_group(f"sleep 300 & echo $! >{told}; wait", os.environ, quiet_for_s=0.5)
    pid = int(wait_for(told))
    time.sleep(0.1)
    assert not alive(pid)
