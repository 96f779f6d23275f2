"""Drag and drop: probes that are a drive (DAPLink, ST-Link V2-1 and V3, J-Link on board).

Files as in DAPLink's user's guide and docs/MSD_COMMANDS.md: MBED.HTM or DETAILS.TXT tell the board
id (the first four digits of the code), FAIL.TXT the reason of a failure. Nothing can be read back,
so the firmware has to prove itself over the serial port.
"""

import re
from pathlib import Path

from qmcu.errors import ToolError
from qmcu.flash.drives import (
    choose_drive,
    drives,
    read_text,
    unsuited_drive,
    wait_for_outcome,
    write_to_drive,
)
from qmcu.flash.job import WRITE, Job, Step, Tool

_NAMES = ("MBED.HTM", "DETAILS.TXT")
_CODE = re.compile(r"(?:code=|Unique ID:\s*|Board ID:\s*)([0-9A-Fa-f]{4})")


def board_id(folder: Path) -> str | None:
    """The board id that the drive in `folder` tells, empty if it tells none; None for no probe."""
    texts = [read_text(folder / name) for name in _NAMES]
    if not any(texts):
        return None
    codes = [match.group(1).lower() for text in texts if (match := _CODE.search(text))]
    return codes[0] if codes else ""


def _unsuited(job: Job) -> str:
    undescribed = "" if job.settings.mass_storage else "the board file names no id of a drive"
    return unsuited_drive(job, undescribed, bool(_probes()), "no drive of a probe is mounted")


def _probes() -> dict[Path, str | None]:
    codes = {folder: board_id(folder) for folder in drives()}
    return {folder: code for folder, code in codes.items() if code is not None}


def _steps(job: Job, program: str) -> tuple[Step, ...]:
    storage = job.settings.mass_storage
    assert storage is not None
    folder = _folder(job, storage.ids)
    name = storage.file

    def action() -> str:
        before = read_text(folder / "FAIL.TXT").strip()
        write_to_drive(job.files[name], folder / name)
        # A drive that stays has taken the file, or says why not.
        return wait_for_outcome(folder, _marker(folder), before, seconds=10.0)

    return (Step(WRITE, ("cp", name, str(folder / name)), _took, action=action),)


def _folder(job: Job, ids: tuple[str, ...]) -> Path:
    codes = _probes() if job.folder is None else {job.folder: board_id(job.folder)}
    return choose_drive(job, codes, ids, "board id", " and no ".join(_NAMES))


def _marker(folder: Path) -> str:
    return next((name for name in _NAMES if (folder / name).exists()), _NAMES[0])


def _took(outcome: str) -> None:
    if outcome not in ("gone", ""):
        raise ToolError(f"the probe refused the file: {' '.join(outcome.split())}")


TOOL = Tool("mass-storage", (), "nothing to install", _unsuited, _steps)
