"""No two jobs share a board, whatever becomes of them."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from qmcu.errors import DeviceError, UsageError
from qmcu.shelf import ShelfBoard, holder_of, is_free, lease

LEFT = ShelfBoard("left", "stm32f746", "serial:/dev/ttyACM7")
RIGHT = ShelfBoard("right", "stm32f746", "serial:/dev/ttyACM8")
# Holds the board until its standard input ends.
HOLD = f"""
import sys
from qmcu.shelf import ShelfBoard, lease
with lease([ShelfBoard("left", "stm32f746", "{LEFT.target}")], 0):
    print("held", flush=True)
    sys.stdin.read()
"""


def other_job() -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env={**os.environ, "CI_JOB_URL": "https://ci.example/job/7"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lease_ends_with_its_block() -> None:
    assert is_free(LEFT)
    with lease([LEFT], 0) as board:
        assert board is LEFT
        assert not is_free(LEFT)
        assert is_free(RIGHT)
    assert is_free(LEFT)
    assert holder_of(LEFT) is None


def test_who_holds_it_is_told() -> None:
    process = other_job()
    told: list[str] = []
    with pytest.raises(DeviceError) as caught, lease([LEFT], 0.3, told.append):
        pytest.fail("two jobs have the board")
    process.communicate()
    assert str(caught.value).startswith(
        "no board became free within 0.3 s: left (stm32f746 at serial:/dev/ttyACM7) is held by "
        "https://ci.example/job/7 ("
    )
    assert f"process {process.pid}, since 20" in str(caught.value)
    assert len(told) == 1
    assert "https://ci.example/job/7" in told[0]


def test_the_free_one_of_two_is_taken() -> None:
    process = other_job()
    with lease([LEFT, RIGHT], 0) as board:
        assert board is RIGHT
    process.communicate()


def test_a_waiting_job_gets_it_when_the_other_ends() -> None:
    process = other_job()
    started = time.monotonic()
    # Its input ends half a second later.
    with subprocess.Popen(["sleep", "0.5"]) as sleeper:
        sleeper.wait()
        process.communicate()
    with lease([LEFT], 20):
        assert 0.5 <= time.monotonic() - started < 15


def test_a_killed_job_leaves_it_free() -> None:
    process = other_job()
    assert not is_free(LEFT)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with lease([LEFT], 5) as board:
        assert board is LEFT
        holder = holder_of(LEFT)
        assert holder is not None
        assert holder.pid == os.getpid()
    process.communicate()


def test_two_names_of_one_device_are_one_board(tmp_path: Path) -> None:
    device, link = tmp_path / "ttyACM0", tmp_path / "by-id"
    device.touch()
    link.symlink_to(device)
    by_name = replace(LEFT, name="a", target=f"serial:{device}")
    by_link = replace(LEFT, name="b", target=f"serial:{link}")
    with lease([by_name], 0):
        assert not is_free(by_link)


def test_two_emulated_boards_are_two() -> None:
    with lease([replace(LEFT, target="unicorn")], 0):
        assert is_free(replace(RIGHT, target="unicorn"))


def test_an_error_inside_frees_it() -> None:
    with pytest.raises(ValueError), lease([LEFT], 0):
        raise ValueError
    assert is_free(LEFT)


def test_a_folder_that_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QMCU_LOCKS", "/proc/locks")
    with pytest.raises(UsageError, match=r"cannot lock left in /proc/locks: .*set QMCU_LOCKS"):
        is_free(LEFT)
