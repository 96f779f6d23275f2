"""What is to be flashed where, and the steps that a tool takes to do it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qmcu.board import Board
from qmcu.board.flashing import FlashSettings
from qmcu.device.ports import PREFIX, find_port, parse_port
from qmcu.firmware import Firmware

# Stands in a command for the file that holds the step's script.
SCRIPT = "SCRIPT"
IDENTIFY, WRITE, READ_BACK = "identify", "write", "read back"


@dataclass(frozen=True)
class Job:
    """A firmware directory for a board; `probe` and `port` as the user gave them.

    `files` are the image by the names that tools take it by, read once and compared with the ELF
    file; nothing else of the directory reaches a tool. `probe` is a serial number, the folder of
    a mounted drive, or HOST:PORT of a GDB server.
    """

    firmware: Firmware
    settings: FlashSettings
    files: Mapping[str, bytes] = field(repr=False)
    probe: str | None = None
    port: str | None = None
    force: bool = False

    @property
    def image_size(self) -> int:
        """Bytes of firmware.bin."""
        return len(self.files["firmware.bin"])

    @property
    def board(self) -> Board:
        """The firmware's board."""
        return self.firmware.board

    @property
    def base(self) -> str:
        """The flash's first address as tools take it."""
        return f"0x{self.board.flash.start:08x}"

    @property
    def serial_number(self) -> str | None:
        """The probe's serial number, None when the probe is a folder or a server."""
        return None if self.folder or self.server else self.probe

    @property
    def device(self) -> str:
        """The name of the serial port; `auto` is the board's by its USB ids.

        Raises DeviceError when that is not one port.
        """
        name = parse_port(f"{PREFIX}{self.port}")
        number = name.usb_serial or self.serial_number or ""
        return name.port or find_port(self.board, number).device

    @property
    def folder(self) -> Path | None:
        """The folder of a probe that is a drive."""
        path = Path(self.probe) if self.probe else None
        return path if path is not None and ("/" in str(path) or path.is_dir()) else None

    @property
    def server(self) -> str | None:
        """HOST:PORT of a GDB server."""
        named = self.probe and re.fullmatch(r"\S*:\d+", self.probe)
        return self.probe if named else None


@dataclass(frozen=True)
class Step:
    """One command of a tool, run in a folder that holds copies of the image and nothing else.

    `check` judges the output and raises. `script` is the content of the file that SCRIPT in the
    command stands for. `action`, where there is one, does in this process what `command` says.
    """

    what: str
    command: tuple[str, ...]
    check: Callable[[str], None]
    script: str = ""
    action: Callable[[], str] | None = None


@dataclass(frozen=True)
class Tool:
    """A flashing tool: how to get it, when it does not suit a job, and its steps.

    `programs` are the names of its executable, empty when this process does the work; `places` are
    folders to look in beside PATH. `unsuited` gives the reason, or an empty text.
    """

    name: str
    programs: tuple[str, ...]
    get: str
    unsuited: Callable[[Job], str]
    steps: Callable[[Job, str], tuple[Step, ...]]
    places: tuple[Path, ...] = ()


def needs_probe_number(job: Job) -> str:
    """The reason against a tool that talks to a USB probe when the user named something else."""
    if job.probe and job.serial_number is None:
        return f"--probe {job.probe} is no serial number of a probe"
    return ""


def needs_stm32(job: Job) -> str:
    """The reason against a tool of ST's chips for another's."""
    if job.board.chip.upper().startswith("STM32"):
        return ""
    return f"it knows STM32 chips only, and {job.board.name} has a {job.board.chip}"
