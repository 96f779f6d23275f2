"""Reading the ELF file: which sections occupy memory, where they run and load, object symbols."""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from qmcu.errors import ToolError
from qmcu.text import printable

_ALLOC = 0x2
# The runtime's table of what lies in flash, and the most rows that are believed.
PARTS = "qmcu_image_parts"
_MAX_PARTS = 16
# Whatever elftools raises at a damaged file.
DAMAGE = (
    ELFError, ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, TypeError,
    ValueError, StopIteration, struct.error,
)  # fmt: skip


@dataclass(frozen=True)
class Section:
    """A section that occupies memory: run address, load address (None: nothing to load)."""

    name: str
    address: int
    load_address: int | None
    size: int
    alignment: int = 1

    @property
    def end(self) -> int:
        """The first run address after it."""
        return self.address + self.size


@dataclass(frozen=True)
class Symbol:
    """A data object: name, run address, size in bytes."""

    name: str
    address: int
    size: int


@dataclass(frozen=True)
class ElfLayout:
    """Sections by run address, and every data symbol by name."""

    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]


def read_layout(path: Path) -> ElfLayout:
    """Read the layout of an ELF file. Raises ToolError when it cannot be read."""
    try:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            return ElfLayout(_sections(elf), _symbols(elf))
    except OSError as error:
        raise ToolError(
            f"{path} cannot be read ({error.strerror}); give a directory made by `qmcu build`."
        ) from error
    except DAMAGE as error:
        raise ToolError(
            f"{path} is damaged ({shown_damage(error)}); build the firmware again."
        ) from error


def shown_damage(error: BaseException) -> str:
    """What elftools said, or which kind of error it was, in a few words."""
    return printable(f"{error}" or type(error).__name__, 80)


def _sections(elf: ELFFile) -> tuple[Section, ...]:
    segments = [s for s in elf.iter_segments() if s["p_type"] == "PT_LOAD"]
    sections = []
    for section in elf.iter_sections():
        if not section["sh_flags"] & _ALLOC or not section["sh_size"]:
            continue
        load_address = None
        if section["sh_type"] != "SHT_NOBITS":
            segment = next(s for s in segments if s.section_in_segment(section))
            load_address = segment["p_paddr"] + section["sh_offset"] - segment["p_offset"]
        sections.append(
            Section(
                name=section.name,
                address=section["sh_addr"],
                load_address=load_address,
                size=section["sh_size"],
                alignment=max(section["sh_addralign"], 1),
            )
        )
    return tuple(sorted(sections, key=lambda s: s.address))


def _symbols(elf: ELFFile) -> tuple[Symbol, ...]:
    table = elf.get_section_by_name(".symtab")
    symbols = (
        Symbol(s.name, s["st_value"], s["st_size"])
        for s in (table.iter_symbols() if isinstance(table, SymbolTableSection) else ())
        if s["st_info"]["type"] == "STT_OBJECT" and s["st_size"]
    )
    return tuple(sorted(symbols, key=lambda s: (s.address, s.name)))


def read_digest(path: Path) -> str:
    """What the firmware in an ELF file will say of its own flash: SHA-256, hex digits.

    Empty for an image that says nothing. Raises ToolError when the file is damaged.
    """
    return read_parts(path)[0]


def read_parts(path: Path) -> tuple[str, bytes]:
    """The same digest, and the bytes of all parts of the image. Raises as `read_digest` does."""
    try:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            table: Any = elf.get_section_by_name(".symtab")
            found = table.get_symbol_by_name(PARTS) if table else None
            pieces = [
                (part["p_paddr"], part.data())
                for part in elf.iter_segments("PT_LOAD")
                if part["p_filesz"]
            ]
    except (*DAMAGE, OSError) as error:
        raise ToolError(
            f"{path} is damaged ({shown_damage(error)}); build the firmware again."
        ) from error

    def bytes_at(address: int, size: int) -> bytes:
        for start, data in pieces:
            if 0 <= address - start <= len(data) - size:
                return bytes(data[address - start : address - start + size])
        raise ValueError(address)

    content = _flash_content(found[0]["st_value"] if found else None, bytes_at)
    return ("", b"") if content is None else (hashlib.sha256(content).hexdigest(), content)


def flash_digest(parts: int | None, bytes_at: Callable[[int, int], bytes]) -> str:
    """SHA-256 over the parts of the image that the table at the address `parts` lists.

    `bytes_at(address, size)` gives loaded bytes, or raises ValueError. Empty where that fails.
    """
    content = _flash_content(parts, bytes_at)
    return "" if content is None else hashlib.sha256(content).hexdigest()


def _flash_content(parts: int | None, bytes_at: Callable[[int, int], bytes]) -> bytes | None:
    """The parts end to end, None where that fails."""
    if parts is None:
        return None
    content = b""
    try:
        for row in range(parts, parts + 8 * _MAX_PARTS, 8):
            start, end = struct.unpack("<II", bytes_at(row, 8))
            if not end:
                return content
            content += bytes_at(start, end - start) if end > start else b""
    except ValueError:
        pass
    return None
