"""Temporary folders that do not outlive a killed process by long.

Whoever makes one holds a lock on it; the kernel takes the lock away with the process, however it
ends. The next qmcu that starts removes those that nobody holds.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nothing is locked, nothing is cleaned
    fcntl = None  # type: ignore[assignment]

PREFIX = "qmcu-scratch-"
# A folder this young may be between its making and its lock.
YOUNG_S = 60.0


class ScratchFolder(tempfile.TemporaryDirectory[str]):
    """An empty folder of this process alone, named after `what` it is for; a context manager.

    Its `name` is gone when the block ends, or after a kill when qmcu is started again.
    """

    def __init__(self, what: str) -> None:
        super().__init__(prefix=f"{PREFIX}{what}-")
        self._lock = hold(Path(self.name))

    def cleanup(self) -> None:
        """Remove the folder and what is in it."""
        super().cleanup()
        release(self._lock)
        self._lock = -1


def hold(folder: Path) -> int:
    """Mark `folder` as in use by this process; returns what `release` takes."""
    if fcntl is None:
        return -1
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def release(lock: int) -> None:
    """End a mark of `hold`; harmless when repeated with -1."""
    if lock >= 0:
        os.close(lock)


def is_left_over(folder: Path) -> bool:
    """Whether this user's `folder` was made some time ago by a process that is gone."""
    if fcntl is None:
        return False
    with contextlib.suppress(OSError):
        found = folder.lstat()
        if found.st_uid != os.getuid() or time.time() - found.st_ctime < YOUNG_S:
            return False
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        finally:
            os.close(lock)
    return False


def remove_left_over() -> None:
    """Remove scratch folders of processes that were killed; whatever fails is left alone."""
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        remove_those(Path(e.path) for e in entries if e.name.startswith(PREFIX))


def remove_those(folders: Iterable[Path]) -> None:
    """Remove those of `folders` that are left over."""
    for folder in folders:
        if is_left_over(folder):
            shutil.rmtree(folder, ignore_errors=True)
