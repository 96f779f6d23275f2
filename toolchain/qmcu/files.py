"""Writing files so that a reader never sees half of one.

Everything is written to a temporary name beside its destination and renamed into place, so an
interrupt, a crash or a full disk leaves either the old content or the new, never a mixture.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from qmcu.errors import QmcuError, UsageError
from qmcu.scratch import YOUNG_S, hold, is_left_over, release, remove_those
from qmcu.text import printable

BUILD_MARKER = "report.json"
# In the folder of a firmware of several models: a folder for each, and the list of their names.
MODELS_FOLDER, MODELS_FILE = "models", "models.json"
# In every folder that is replaced as a whole: the files that qmcu wrote.
LIST = ".qmcu-files.json"
# The largest file that is read whole, 2 GiB: what a FlatBuffer can be.
MAX_BYTES = 1 << 31
# The largest file of settings, which people write.
MAX_TOML = 1 << 20
# Parts of a dotted key, and what stands in none.
_KEY_PARTS = 100
_NO_KEY = re.compile(r"[,={}\[\]]")


def write_atomic(path: Path, content: bytes | str) -> None:
    """Replace `path` with `content` in one step; creates missing parent directories.

    A device or a pipe, such as /dev/stdout, is written to and stays what it is. Raises UsageError,
    naming the file and the cause, when it cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    _remove_torn(path)
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


def check_writable(*outputs: Path | None) -> None:
    """Raise UsageError for a file that cannot be written, before hours of work are for nothing.

    Folders that are missing are made later; what the disk holds is not known before.
    """
    for path in outputs:
        if path is None:
            continue
        if path.is_dir():
            raise UsageError(f"cannot write {path}: Is a directory.")
        _check_parents(path)


def check_folder(path: Path, marker: str) -> None:
    """The same of a folder that `replace_directory` is to write."""
    if path.exists():
        _check_replaceable(path, marker)
    _check_parents(path)


def _check_parents(path: Path) -> None:
    parent = next(p for p in path.absolute().parents if p.exists() or p.is_symlink())
    if not parent.is_dir():
        raise UsageError(f"cannot write {path}: {parent} is no folder.")
    try:
        # Rights alone do not tell: a file system may be read only, or none for files.
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}.") from error


def content_sha256(path: Path) -> str:
    """The SHA-256 of a file, or of all files of a folder with their names, in hexadecimal."""
    if not path.is_dir():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path)}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def regular_size(path: Path, error: type[QmcuError] = UsageError) -> int:
    """The size of a file in bytes. Raises `error` for a folder, a device, a pipe or nothing."""
    try:
        found = path.stat()
    except (OSError, ValueError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else cause
        raise error(f"{printable(path)} cannot be read: {why}.") from cause
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "a device or a pipe"
        raise error(f"{path} cannot be read: it is {what}, a file is needed.")
    return found.st_size


def read_regular(path: Path, error: type[QmcuError] = UsageError, most: int = MAX_BYTES) -> bytes:
    """The content of a file of at most `most` bytes. Raises `error` when that cannot be."""
    size = regular_size(path, error)
    if size > most:
        raise error(f"{path} has {size:,} bytes, at most {most:,} are read.")
    try:
        return path.read_bytes()
    except OSError as cause:
        raise error(f"{path} cannot be read: {cause.strerror or cause}.") from cause


def read_toml(path: Path, error: type[QmcuError] = UsageError) -> dict[str, Any]:
    """The tables of a TOML file of at most 1 MiB. Raises `error` when it is none."""
    try:
        text = read_regular(path, error, MAX_TOML).decode()
        _refuse_long_keys(text)
        return tomllib.loads(text)
    except ValueError as cause:  # of the syntax, of UTF-8, of integers with thousands of digits
        raise error(f"{path} is not valid TOML: {printable(cause)}.") from cause
    except RecursionError as cause:
        raise error(f"{path} is not valid TOML: it is nested too deeply.") from cause


def _refuse_long_keys(text: str) -> None:
    """Raise ValueError for a dotted key of many parts.

    tomllib takes time and memory by the square of their number: a key of 200 KB 28 s and 6 GiB.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _KEY_PARTS and any(
            part.count(".") > _KEY_PARTS for part in _NO_KEY.split(line)
        ):
            raise ValueError(f"line {number} has a key of more than {_KEY_PARTS} parts")


def refuse_same(output: Path | None, *inputs: Path | None) -> None:
    """Raise UsageError when `output` is one of the files that are read, or a folder over one."""
    if output is None:
        return
    place = output.resolve()
    for path in inputs:
        if path is None:
            continue
        source = path.resolve()
        if place == source or place in source.parents:
            raise UsageError(
                f"the output {output} would replace the input {path}; choose another place."
            )


@contextmanager
def replace_directory(path: Path, marker: str = BUILD_MARKER) -> Iterator[Path]:
    """Yield an empty directory that becomes `path` when the block ends without an error.

    An existing `path` is replaced only if it is empty or an earlier output of the same kind: its
    `marker` is a document of qmcu's. Files in it that qmcu did not write are kept; where the new
    output has a file of the same name, it is refused and nothing changes.
    Raises UsageError when `path` cannot be replaced or written.
    """
    path = path.absolute()
    _recover(path)
    if path.exists():
        _check_replaceable(path, marker)
    suffix = secrets.token_hex(4)
    fresh = path.with_name(f".{path.name}.{suffix}.tmp")
    stale = path.with_name(f".{path.name}.{suffix}.old")
    lock = -1
    try:
        try:
            fresh.mkdir(parents=True)
            lock = hold(fresh)
            yield fresh
            written = _files(fresh)
            _keep_others(path, fresh)
            (fresh / LIST).write_text(json.dumps({"files": written}, indent=1) + "\n")
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
        release(lock)


def _recover(path: Path) -> None:
    """Undo what a process that was killed while it replaced `path` has left beside it."""
    for stale in _beside(path, ".old"):
        if is_left_over(stale) and not path.exists():
            with suppress(OSError):
                stale.rename(path)
    remove_those([*_beside(path, ".tmp"), *_beside(path, ".old")])
    _remove_torn(path)


def _remove_torn(path: Path) -> None:
    """Remove files of `write_atomic` that were never whole; a writer of now has a young one."""
    for torn in _beside(path, ".tmp"):
        with suppress(OSError):
            if torn.is_file() and time.time() - torn.lstat().st_ctime > YOUNG_S:
                torn.unlink()


def _beside(path: Path, suffix: str) -> list[Path]:
    """What lies beside `path` under its temporary names."""
    name = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}{re.escape(suffix)}")
    try:
        return [p for p in path.parent.iterdir() if name.fullmatch(p.name)]
    except OSError:
        return []


def require_firmware(directory: Path) -> None:
    """Raise UsageError when `directory` is not one that `qmcu build` made."""
    if not (directory / BUILD_MARKER).is_file():
        raise UsageError(
            f"{directory} is no firmware directory (it holds no {BUILD_MARKER}); "
            "`qmcu build` makes one."
        )


def _check_replaceable(path: Path, marker: str) -> None:
    if not path.is_dir():
        raise UsageError(f"{path} is a file; give a directory for the output.")
    if not any(path.iterdir()):
        return
    try:
        document = json.loads(read_regular(path / marker))
    except (UsageError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "qmcu" not in document:
        raise UsageError(
            f"{path} is not empty and holds no {marker} of an earlier run; "
            "choose another output directory or empty it."
        )


def _files(folder: Path) -> list[str]:
    """Every file and link below a folder, by its path in it."""
    return sorted(
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_symlink() or not p.is_dir()
    )


def _keep_others(old: Path, fresh: Path) -> None:
    """Bring files of `old` that qmcu did not write into `fresh`."""
    if not old.is_dir():
        return
    try:
        written = {str(name) for name in json.loads((old / LIST).read_text())["files"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        written = set()
    others = [name for name in _files(old) if name not in written and name != LIST]
    taken = [name for name in others if os.path.lexists(fresh / name)]
    if taken:
        more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
        raise UsageError(
            f"{old} has files that are not in its list of what qmcu wrote, and that would be "
            f"replaced: {printable(taken[0])}{more}; move them, or choose another output directory."
        )
    for name in others:
        (fresh / name).parent.mkdir(parents=True, exist_ok=True)
        if (old / name).is_file() or (old / name).is_symlink():
            shutil.copy2(old / name, fresh / name, follow_symlinks=False)
