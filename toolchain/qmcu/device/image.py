"""The firmware's ELF file: what to load where, and which function holds an address."""

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from qmcu.builder.elf_layout import DAMAGE, PARTS, flash_digest, shown_damage
from qmcu.errors import DeviceError

_HARD_FLOAT = 0x400


@dataclass(frozen=True)
class Segment:
    """Bytes to put at a physical (load) address."""

    address: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Image:
    """A loaded ELF: segments, symbols, sorted functions, whether it passes floats in registers.

    `build_id` and `sha256` (of the parts in flash) are what the image will say in HELLO (hex
    digits), empty when it has none.
    """

    path: Path
    entry: int
    segments: tuple[Segment, ...]
    symbols: dict[str, int] = field(repr=False)
    functions: tuple[tuple[int, int, str], ...] = field(repr=False)
    hard_float: bool
    build_id: str = ""
    sha256: str = ""

    def function_at(self, address: int) -> str:
        """Name of the function that holds `address`, or an empty string."""
        address &= ~1
        at = bisect_right(self.functions, (address, 1 << 32, "")) - 1
        if at < 0:
            return ""
        start, size, name = self.functions[at]
        return name if address < start + max(size, 4) else ""

    def bytes_at(self, address: int, size: int) -> bytes:
        """`size` loaded bytes from `address`. Raises ValueError when they are not in the image."""
        for segment in self.segments:
            at = address - segment.address
            if at >= 0 and at + size <= len(segment.data):
                return segment.data[at : at + size]
        raise ValueError(f"0x{address:08x} is not in {self.path}")

    def place(self, address: int) -> str:
        """An address for people: `0x08000abc in qmcu_add`, or the address alone."""
        name = self.function_at(address)
        return f"0x{address:08x} in {name}" if name else f"0x{address:08x}"


def read_image(path: Path) -> Image:
    """Read a 32-bit little-endian Arm executable. Raises DeviceError when it is not one."""
    try:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            if elf["e_machine"] != "EM_ARM" or elf["e_type"] != "ET_EXEC":
                raise DeviceError(f"{path} is no Arm executable; build the firmware again.")
            segments = tuple(
                Segment(part["p_paddr"], part.data())
                for part in elf.iter_segments("PT_LOAD")
                if part["p_filesz"]
            )
            symbols, functions = _symbols(elf)
            hard_float = bool(elf["e_flags"] & _HARD_FLOAT)
            build_id = _build_id(symbols, segments)
            image = Image(path, elf["e_entry"], segments, symbols, functions, hard_float, build_id)
            return replace(image, sha256=flash_digest(symbols.get(PARTS), image.bytes_at))
    except OSError as error:
        raise DeviceError(f"cannot read {path}: {error.strerror or error}.") from error
    except DAMAGE as error:
        raise DeviceError(
            f"{path} is damaged ({shown_damage(error)}); build the firmware again."
        ) from error


def _symbols(elf: ELFFile) -> tuple[dict[str, int], tuple[tuple[int, int, str], ...]]:
    table: Any = elf.get_section_by_name(".symtab")
    symbols: dict[str, int] = {}
    functions: list[tuple[int, int, str]] = []
    for symbol in table.iter_symbols() if table else ():
        value, kind = symbol["st_value"], symbol["st_info"]["type"]
        if symbol.name and kind in ("STT_NOTYPE", "STT_OBJECT", "STT_FUNC"):
            symbols[symbol.name] = value
        if kind == "STT_FUNC":
            functions.append((value & ~1, symbol["st_size"], symbol.name))
    return symbols, tuple(sorted(functions))


def _build_id(symbols: dict[str, int], segments: tuple[Segment, ...]) -> str:
    """The runtime's `static const uint8_t build_id[32]`; the compiler may number its name."""
    values = [v for name, v in symbols.items() if name.split(".")[0] == "build_id"]
    for segment in segments:
        at = values[0] - segment.address if len(values) == 1 else -1
        if 0 <= at <= len(segment.data) - 32:
            return segment.data[at : at + 32].hex()
    return ""
