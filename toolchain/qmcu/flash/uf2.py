"""UF2: boot loaders that are a drive, such as the RP2040's in ROM.

INFO_UF2.TXT tells the Board-ID (github.com/microsoft/uf2). The drive goes when every block has
come; nothing can be read back, so only the firmware can prove itself, over the serial port.
"""

import re
from pathlib import Path

from qmcu.builder.uf2 import uf2_file
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

_INFO = "INFO_UF2.TXT"
_BOARD_ID = re.compile(r"^Board-ID:\s*(\S+)", re.MULTILINE)


def _unsuited(job: Job) -> str:
    undescribed = "" if job.settings.uf2 else "the board file has no table flashing.uf2"
    absent = "no UF2 drive is mounted; hold BOOTSEL while you connect the board"
    return unsuited_drive(job, undescribed, bool(_loaders()), absent, tells_success=True)


def _loaders() -> list[Path]:
    return [folder for folder in drives() if (folder / _INFO).exists()]


def _steps(job: Job, program: str) -> tuple[Step, ...]:
    uf2 = job.settings.uf2
    assert uf2 is not None
    folder = _folder(job, uf2.board_id)
    target = folder / "firmware.uf2"

    def action() -> str:
        image = job.files["firmware.bin"]
        write_to_drive(uf2_file(image, job.board.flash.start, uf2.family), target)
        return wait_for_outcome(folder, _INFO, "")

    command = ("uf2conv", "-b", job.base, "-f", f"0x{uf2.family:08x}", "-o", str(target))
    return (Step(WRITE, (*command, "firmware.bin"), _took, action=action),)


def _folder(job: Job, expected: str) -> Path:
    ids: dict[Path, str | None] = {}
    for folder in _loaders() if job.folder is None else [job.folder]:
        match = _BOARD_ID.search(read_text(folder / _INFO))
        ids[folder] = match.group(1) if match else None
    return choose_drive(job, ids, (expected,), "Board-ID", f"{_INFO} with a Board-ID")


def _took(outcome: str) -> None:
    if outcome != "gone":
        raise ToolError(
            "the boot loader did not take the file: its drive is still there; reconnect the board."
        )


TOOL = Tool("uf2", (), "nothing to install", _unsuited, _steps)
