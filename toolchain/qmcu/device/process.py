"""Child processes that never outlive this one."""

import contextlib
import ctypes
import errno
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO, Any

from qmcu.device.interrupts import interrupted_after

_PR_SET_PDEATHSIG = 1
_WINDOWS = os.name == "nt"
# Linux has it; elsewhere a child notices that its pipes were closed.
_prctl = None if _WINDOWS else getattr(ctypes.CDLL(None), "prctl", None)


def start_child(
    command: Sequence[str],
    fds: Sequence[int],
    errors: IO[bytes] | None = None,
    *,
    conversation: bool = False,
    folder: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start `command` with the descriptors `fds` inherited and its stderr in `errors`.

    It runs in `folder` (None: where this process does).
    With `conversation` its stdin and stdout are pipes, stderr joining stdout; else nothing.
    Ctrl-C does not reach it; the kernel kills it when this process dies in whatever way.
    Raises OSError.
    """
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE if conversation else subprocess.DEVNULL,
        "stdout": subprocess.PIPE if conversation else subprocess.DEVNULL,
        "stderr": subprocess.STDOUT if conversation else errors or subprocess.DEVNULL,
        "cwd": folder,
        "env": environment,
    }
    if _WINDOWS:
        if fds:
            raise OSError(errno.ENOTSUP, "descriptors are not inherited on Windows")
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        return subprocess.Popen(command, creationflags=flags, **pipes)
    parent = os.getpid()

    def in_child() -> None:
        if _prctl is not None:
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    process = None
    try:
        # What `fork` calls back (logging's locks, say) would ignore a Ctrl-C that comes meanwhile.
        with interrupted_after():
            process = subprocess.Popen(
                command, pass_fds=tuple(fds), start_new_session=True, preexec_fn=in_child, **pipes
            )
    except KeyboardInterrupt:
        if process is not None:
            kill_group(process)
            process.wait()
        raise
    return process


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """End a child of `start_child` and all that it started; harmless when it has ended."""
    if _WINDOWS:
        # /T: with its children.
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        with contextlib.suppress(OSError):
            subprocess.run(command, capture_output=True, check=False)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def describe_end(code: int) -> str:
    """How a process ended, for its return code: `was killed by SIGKILL`."""
    if code >= 0:
        return f"ended with status {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
