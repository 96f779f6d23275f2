"""Writing files so that a reader never sees half of one.

Everything is written to a temporary name beside its destination and renamed into place, so an
interrupt, a crash or a full disk leaves either the old content or the new, never a mixture.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qmcu.errors import UsageError

BUILD_MARKER = "report.json"


def write_atomic(path: Path, content: bytes | str) -> None:
    """Replace `path` with `content` in one step; creates missing parent directories.

    A device or a pipe, such as /dev/stdout, is written to and stays what it is. Raises UsageError,
    naming the file and the cause, when it cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(data)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}.") from error
    finally:
        # A parent that is a file makes even this fail; the first error is the one to tell.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def replace_directory(path: Path, marker: str = BUILD_MARKER) -> Iterator[Path]:
    """Yield an empty directory that becomes `path` when the block ends without an error.

    An existing `path` is replaced only if it is empty or an earlier output of the same kind (it
    holds the file `marker`), so that a mistyped `-o` never removes somebody's files.
    Raises UsageError when `path` cannot be replaced or written.
    """
    path = path.absolute()
    if path.exists():
        if not path.is_dir():
            raise UsageError(f"{path} is a file; give a directory for the output.")
        if any(path.iterdir()) and not (path / marker).is_file():
            raise UsageError(
                f"{path} is not empty and holds no {marker} of an earlier run; "
                "choose another output directory or empty it."
            )
    suffix = secrets.token_hex(4)
    fresh = path.with_name(f".{path.name}.{suffix}.tmp")
    stale = path.with_name(f".{path.name}.{suffix}.old")
    try:
        try:
            fresh.mkdir(parents=True)
            yield fresh
            if path.exists():
                path.rename(stale)
            fresh.rename(path)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror or error}.") from error
    finally:
        if stale.exists() and not path.exists():
            stale.rename(path)
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(stale, ignore_errors=True)


def require_firmware(directory: Path) -> None:
    """Raise UsageError when `directory` is not one that `qmcu build` made."""
    if not (directory / BUILD_MARKER).is_file():
        raise UsageError(
            f"{directory} is no firmware directory (it holds no {BUILD_MARKER}); "
            "`qmcu build` makes one."
        )
