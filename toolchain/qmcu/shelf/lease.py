"""One job at a time on a board: a file lock that ends with its process, and who holds it."""

import contextlib
import hashlib
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from qmcu import documents
from qmcu.device.ports import PREFIX
from qmcu.device.targets import EMULATORS
from qmcu.errors import DeviceError, UsageError
from qmcu.files import write_atomic
from qmcu.shelf.description import ShelfBoard

_POLL_S = 0.1
# What CI systems say about the job that runs, most telling first.
_JOB_VARIABLES = ("CI_JOB_URL", "BUILD_URL", "GITHUB_RUN_ID", "CI_JOB_ID")
# Descriptors of the locks that this process holds, by the board's name.
_held: dict[str, int] = {}


@dataclass(frozen=True)
class Holder:
    """Who has a board: job (its address or command), user, machine, process, since when."""

    job: str
    user: str
    host: str
    pid: int
    since: str

    def __str__(self) -> str:
        return f"{self.job} ({self.user}@{self.host}, process {self.pid}, since {self.since})"


def lock_folder() -> Path:
    """Where the locks of this machine are, for all users: QMCU_LOCKS, /run/lock or temporary.

    It does not depend on the shelf's file, of which each job may have a copy of its own.
    """
    if chosen := os.environ.get("QMCU_LOCKS"):
        return Path(chosen)
    common = Path("/run/lock")
    base = common if os.access(common, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    return base / "qmcu"


@contextlib.contextmanager
def lease(
    boards: Sequence[ShelfBoard],
    timeout_s: float,
    waiting: Callable[[str], None] = lambda _: None,
) -> Iterator[ShelfBoard]:
    """The first of `boards` that is free, for the time of the block and no longer.

    Waits up to `timeout_s` seconds; `waiting` is told once, in words, whom for. Raises DeviceError
    that says who holds them when none becomes free, UsageError when no lock can be made.
    """
    deadline = time.monotonic() + timeout_s
    told = False
    while True:
        for board in boards:
            lock = _try(board)
            if lock is not None:
                try:
                    _held[board.name] = _descriptor(lock)
                    write_atomic(_note(board), json.dumps(documents.plain(_me())))
                    yield board
                finally:
                    _held.pop(board.name, None)
                    _note(board).unlink(missing_ok=True)
                    lock.release()
                return
        busy = "; ".join(f"{b} is held by {holder_of(b) or 'another job'}" for b in boards)
        if time.monotonic() >= deadline:
            raise DeviceError(f"no board became free within {timeout_s:g} s: {busy}.")
        if not told:
            waiting(busy)
            told = True
        time.sleep(_POLL_S)


def lock_of(board: ShelfBoard) -> int:
    """The descriptor of the lock by which this process has `board`, -1 where there is none.

    The lease lasts until every process that has inherited it has closed it.
    """
    return _held.get(board.name, -1)


def _descriptor(lock: BaseFileLock) -> int:
    found = lock._context.lock_file_fd
    return -1 if found is None else found


def holder_of(board: ShelfBoard) -> Holder | None:
    """Who holds `board`; None when it is free, or when its holder has not yet said its name."""
    lock = _try(board)
    if lock is not None:
        lock.release()
        return None
    try:
        return documents.parse(_note(board).read_bytes(), Holder)
    except (OSError, ValueError):
        return None


def is_free(board: ShelfBoard) -> bool:
    """Whether nobody holds `board` now."""
    lock = _try(board)
    if lock is not None:
        lock.release()
    return lock is not None


def _try(board: ShelfBoard) -> BaseFileLock | None:
    folder = lock_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.stat().st_uid == os.getuid():
            folder.chmod(0o777)  # jobs of other users lock the same boards
        lock = FileLock(_path(board, "lock"), mode=0o666, thread_local=False, is_singleton=False)
        lock.acquire(timeout=0)
    except Timeout:
        return None
    except OSError as error:
        raise UsageError(
            f"cannot lock {board.name} in {folder}: {error.strerror}; set QMCU_LOCKS to a folder "
            "that every job on this machine may write."
        ) from error
    return lock


def _note(board: ShelfBoard) -> Path:
    return _path(board, "json")


def _path(board: ShelfBoard, suffix: str) -> Path:
    """Named after the device, so that two shelves that list it agree."""
    device = board.target.removeprefix(PREFIX)
    if device.startswith("/"):
        # /dev/serial/by-id/... and /dev/ttyACM0 may be the same.
        device = os.path.realpath(device)
    elif board.target in EMULATORS:
        device = f"{board.target} {board.name}"
    name = hashlib.sha256(device.encode()).hexdigest()[:16]
    return lock_folder() / f"{name}.{suffix}"


def _me() -> Holder:
    job = next((os.environ[v] for v in _JOB_VARIABLES if os.environ.get(v)), "")
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
    return Holder(
        job=job or command,
        user=os.environ.get("USER") or str(os.getuid()),
        host=socket.gethostname(),
        pid=os.getpid(),
        since=time.strftime("%Y-%m-%d %H:%M:%S"),
    )
