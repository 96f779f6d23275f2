"""Ctrl-C is never lost, wherever it comes."""

import os
import signal
import subprocess
import sys

import pytest

from qmcu.device.interrupts import interrupted_after

# As when Ctrl-C comes while logging, which every fork calls back, takes up its lock again.
_INTERRUPTED_FORK = """
import os, signal
from qmcu.device.process import start_child
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGINT))
try:
    start_child(["sleep", "60"], [])
except KeyboardInterrupt:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        print("interrupted, no child left")
"""


def test_it_is_raised_when_the_block_ends() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), interrupted_after(lambda: done.append("at once")):
        os.kill(os.getpid(), signal.SIGINT)
        done.append("the rest of the block")
    assert done == ["at once", "the rest of the block"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_others_stays() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with interrupted_after():
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.SIGINT]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_it_ends_a_child_that_is_being_started() -> None:
    command = [sys.executable, "-c", _INTERRUPTED_FORK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.stderr) == ("interrupted, no child left\n", "")
