"""The [flashing] table of a board file, checked."""

from dataclasses import dataclass
from pathlib import Path

from qmcu.board.description import Board
from qmcu.board.fields import PLAIN_NAME, Table

TOOL_NAMES = (
    "openocd", "pyocd", "probe-rs", "st-flash", "STM32_Programmer_CLI", "JLinkExe", "mass-storage",
    "uf2", "stm32flash", "gdb",
)  # fmt: skip
_IMAGE_FILES = ("firmware.bin", "firmware.hex")
_WORD = 0xFFFF_FFFF
# One of openocd's own, which it looks for in its own folders.
_SCRIPT = rf"(?:board|interface|target)/{PLAIN_NAME}(?:/{PLAIN_NAME})?"


@dataclass(frozen=True)
class ChipId:
    """Where the chip says what it is: the word at `address`, of which the bits of `mask` count."""

    address: int
    mask: int
    value: int

    def matches(self, word: int) -> bool:
        """True when `word`, read from the chip, is this chip's."""
        return word & self.mask == self.value

    def __str__(self) -> str:
        return f"0x{self.value:x}"


@dataclass(frozen=True)
class MassStorage:
    """A probe that is a drive: its board ids, as in MBED.HTM, and the file that it takes."""

    ids: tuple[str, ...]
    file: str


@dataclass(frozen=True)
class Uf2:
    """A boot loader that takes UF2: the family of the chip and the Board-ID of INFO_UF2.TXT."""

    family: int
    board_id: str


@dataclass(frozen=True)
class SerialLoader:
    """How stm32flash talks to the chip's boot loader."""

    baud: int
    mode: str


@dataclass(frozen=True)
class FlashSettings:
    """What a board's file says about flashing; None or empty where a tool has no argument."""

    tools: tuple[str, ...]
    chip_id: ChipId | None
    openocd: tuple[str, ...]
    pyocd: str | None
    probe_rs: str | None
    jlink: str | None
    mass_storage: MassStorage | None
    uf2: Uf2 | None
    serial: SerialLoader


def flash_settings(board: Board) -> FlashSettings:
    """The settings of `board`. Raises BoardError naming the key that is wrong."""
    table = Table(Path(f"board {board.name}"), "flashing.", board.flashing)
    settings = FlashSettings(
        tools=table.texts("tools", TOOL_NAMES),
        chip_id=_chip_id(table),
        openocd=table.texts("openocd", pattern=_SCRIPT),
        pyocd=table.optional_text("pyocd", PLAIN_NAME),
        probe_rs=table.optional_text("probe_rs", PLAIN_NAME),
        jlink=table.optional_text("jlink", PLAIN_NAME),
        mass_storage=_mass_storage(table),
        uf2=_uf2(table),
        serial=_serial(table),
    )
    table.refuse_unknown_keys()
    return settings


def _chip_id(table: Table) -> ChipId | None:
    part = table.optional_table("chip_id")
    if part is None:
        return None
    chip = ChipId(
        part.integer("address", 0, _WORD),
        part.integer("mask", 1, _WORD),
        part.integer("value", 0, _WORD),
    )
    part.refuse_unknown_keys()
    return chip


def _mass_storage(table: Table) -> MassStorage | None:
    part = table.optional_table("mass_storage")
    if part is None:
        return None
    storage = MassStorage(
        part.texts("ids", pattern="[0-9A-Fa-f]{4}"), part.choice("file", _IMAGE_FILES)
    )
    part.refuse_unknown_keys()
    return storage


def _uf2(table: Table) -> Uf2 | None:
    part = table.optional_table("uf2")
    if part is None:
        return None
    uf2 = Uf2(part.integer("family", 0, _WORD), part.text("board_id", PLAIN_NAME))
    part.refuse_unknown_keys()
    return uf2


def _serial(table: Table) -> SerialLoader:
    part = table.table("stm32flash", optional=True)
    loader = SerialLoader(
        part.integer("baud", 1200, 1_000_000, default=115_200),
        part.optional_text("mode", "[78][noe][12]") or "8e1",
    )
    part.refuse_unknown_keys()
    return loader
