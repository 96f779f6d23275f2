"""Reading the ELF file: which sections occupy memory, where they run and load, object symbols."""

from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from qmcu.errors import ToolError

_ALLOC = 0x2


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
    except ELFError as error:
        raise ToolError(f"{path} is damaged ({error}); build the firmware again.") from error


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
