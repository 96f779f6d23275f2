"""Mounted drives: choosing one that is a probe or a boot loader, and writing a file to it."""

import os
import re
import string
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from qmcu.errors import DeviceError, ToolError
from qmcu.flash.checks import wrong_board
from qmcu.flash.job import Job

SETTLE_S = 30.0
_POLL_S = 0.1
_ESCAPE = re.compile(r"\\([0-7]{3})")


def drives() -> Iterator[Path]:
    """The folders of mounted drives that are small enough to be a board's."""
    if sys.platform == "win32":
        yield from (Path(f"{c}:/") for c in string.ascii_uppercase if Path(f"{c}:/").exists())
    elif sys.platform == "darwin":
        yield from sorted(Path("/Volumes").iterdir())
    else:
        yield from fat_folders(Path("/proc/self/mounts").read_text())


def fat_folders(mounts: str) -> Iterator[Path]:
    """The folders of FAT file systems, which is what boards present, in Linux's table of mounts."""
    for line in mounts.splitlines():
        _, folder, kind, *_ = line.split()
        if kind in ("vfat", "msdos", "fuseblk"):
            # Spaces in the folder's name are written in octal.
            yield Path(_ESCAPE.sub(lambda m: chr(int(m.group(1), 8)), folder))


def read_text(path: Path) -> str:
    """The text of a file on a drive; empty when it is not there or the drive is going."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def write_to_drive(data: bytes, target: Path) -> None:
    """Write `data` in one piece and wait until it has left this machine.

    Raises ToolError when the drive refuses it.
    """
    try:
        with target.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise ToolError(
            f"{target} could not be written: {error.strerror or error}; reconnect the board."
        ) from error


def wait_for_outcome(folder: Path, marker: str, before: str, seconds: float = SETTLE_S) -> str:
    """What became of the file: `gone` when the drive went (as it does after a success), the new
    text of FAIL.TXT, or an empty text when nothing happened within `seconds`.

    `marker` is a file that the drive always has, `before` what FAIL.TXT said beforehand.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        said = read_text(folder / "FAIL.TXT").strip()
        if said and said != before:
            return said
        if not (folder / marker).exists():
            return "gone"
        time.sleep(_POLL_S)
    return ""


def unsuited_drive(
    job: Job, undescribed: str, there: bool, absent: str, *, tells_success: bool = False
) -> str:
    """The reason against a tool that writes to a drive, or an empty text.

    `undescribed` is what the board file lacks, if anything; `absent` the reason unless a drive is
    `there`. Without `tells_success` a drive says nothing of what became of a file: the firmware has
    to.
    """
    if undescribed:
        return undescribed
    if job.probe and job.folder is None:
        return f"--probe {job.probe} is no folder of a drive"
    if not job.port and not tells_success:
        return "a drive cannot be read back: give --port, so that the firmware itself confirms"
    return "" if job.folder is not None or there else absent


def choose_drive(
    job: Job, codes: Mapping[Path, str | None], expected: tuple[str, ...], what: str, shown_by: str
) -> Path:
    """The one drive of `codes` (folder to its id, None for no drive of the kind) that the job's
    board has, or with --force the only one there is.

    Raises DeviceError: another board's, several, or no such drive; `what` is the id's name and
    `shown_by` the file that has it.
    """
    right = [path for path, code in codes.items() if code in expected or (job.force and code)]
    if len(right) == 1:
        return right[0]
    if right:
        there = ", ".join(map(str, right))
        raise DeviceError(f"{len(right)} such boards are mounted ({there}); choose with --probe.")
    path, code = next(iter(codes.items()))
    if code is None:
        raise DeviceError(f"{path} is no drive of a board: it has no {shown_by}.")
    raise wrong_board(job, f"the drive {path} has {what} {code or 'none'}", " or ".join(expected))
