"""A command that has a leased board: it and what it starts end before the lease does.

The command leads a process group. A keeper, which shares the lease's lock, waits beside it: when
this process goes, even by SIGKILL, the keeper kills the group and only then lets the lock go.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
# Reads the group's number; at the end of its input without a farewell, kills the group.
_KEEPER = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
told = os.read(0, 32)
if told and not os.read(0, 1):
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(int(told), number)
        except OSError:
            break
        time.sleep(0.5)
"""


def run_group(
    command: Sequence[str] | str,
    environment: Mapping[str, str],
    *,
    lock: int = -1,
    quiet_for_s: float | None = None,
) -> tuple[int, bytes]:
    """Run `command` (a text: by the shell) and wait; its return code and what it printed.

    `lock` is the descriptor of the lease. It has this terminal and its output is not kept, unless
    `quiet_for_s` gives the seconds after which it is killed and TimeoutExpired raised.
    What it leaves in its process group is killed. Raises OSError when it cannot be started.
    """
    quiet = quiet_for_s is not None
    with _keeper(lock) as tell:
        process = subprocess.Popen(
            command,
            shell=isinstance(command, str),
            env=dict(environment),
            stdin=subprocess.DEVNULL if quiet else None,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            process_group=0,
        )
        tell(process.pid)
        try:
            with _foreground(process.pid) if not quiet else contextlib.nullcontext():
                output, _ = process.communicate(timeout=quiet_for_s)
        except KeyboardInterrupt:
            # Not from this terminal, which would have asked the group.
            _signal(process.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5.0)
            raise
        finally:
            _signal(process.pid, _KILL)
            process.wait()
    return process.returncode, output or b""


@contextlib.contextmanager
def _keeper(lock: int) -> Iterator[Callable[[int], object]]:
    if os.name != "posix":
        yield lambda group: None
        return
    keeper = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _KEEPER],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        pass_fds=(lock,) if lock >= 0 else (), start_new_session=True,
    )  # fmt: skip
    assert keeper.stdin is not None
    pipe = keeper.stdin.fileno()
    try:
        yield lambda group: os.write(pipe, str(group).encode())
    finally:
        with contextlib.suppress(OSError):
            os.write(pipe, b"!")  # all is well: nothing to kill
        keeper.stdin.close()
        keeper.wait()


@contextlib.contextmanager
def _foreground(group: int) -> Iterator[None]:
    """The terminal, if there is one, is the group's for the time of the block."""
    try:
        mine = os.tcgetpgrp(0) == os.getpgrp()
    except (OSError, AttributeError):
        mine = False
    if not mine:
        yield
        return
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        with contextlib.suppress(OSError):
            os.tcsetpgrp(0, group)
        yield
    finally:
        os.tcsetpgrp(0, os.getpgrp())
        signal.signal(signal.SIGTTOU, before)


def _signal(group: int, number: int) -> None:
    if not hasattr(os, "killpg"):
        # Windows has no groups of processes; /T: with all that it started.
        command = ["taskkill", "/F", "/T", "/PID", str(group)]
        with contextlib.suppress(OSError):
            subprocess.run(command, capture_output=True, check=False)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
