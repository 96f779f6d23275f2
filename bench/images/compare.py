"""Two images of one model and board: equal but for the build id, or where they part."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from qmcu.device.image import Image, read_image

# A symbol is told by its name and its count among those of that name, in the order of addresses.
Symbols = dict[tuple[str, int], "Symbol"]
SHOWN = 6


@dataclass(frozen=True)
class Symbol:
    """A function or an object: where it is, its size in bytes, and its content ("" in RAM)."""

    address: int
    size: int
    content: bytes


@dataclass(frozen=True)
class Built:
    """What one checkout made of a job: the masked image and its symbols, or why there is none."""

    image: bytes
    symbols: Symbols
    refused: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of firmware.bin with zeros for the build id, or of the refusal."""
        return hashlib.sha256(self.image or self.refused.encode()).hexdigest()


def read_built(folder: Path) -> Built:
    """The masked image and the symbols of a firmware folder."""
    image = read_image(folder / "firmware.elf")
    build_id = bytes.fromhex(image.build_id)
    content = (folder / "firmware.bin").read_bytes()
    if len(build_id) != 32 or content.count(build_id) != 1:
        raise ValueError(f"{folder}/firmware.bin does not hold its build id once")
    return Built(content.replace(build_id, bytes(32)), _symbols(folder / "firmware.elf", image))


def _symbols(path: Path, image: Image) -> Symbols:
    symbols: Symbols = {}
    with path.open("rb") as stream:
        table: Any = ELFFile(stream).get_section_by_name(".symtab")
        entries = sorted(
            (s["st_value"], s["st_size"], s.name) for s in table.iter_symbols()
            if s["st_info"]["type"] in ("STT_OBJECT", "STT_FUNC")
        )  # fmt: skip
    for address, size, name in entries:
        # The compiler numbers local names: `table.3` of one build is `table.5` of another.
        base, _, number = name.rpartition(".")
        name = base if base and number.isdigit() else name
        count = sum(known == name for known, _ in symbols)
        try:
            content = image.bytes_at(address & ~1, size)
        except ValueError:
            content = b""
        if name == "build_id":
            content = bytes(32)
        symbols[name, count] = Symbol(address, size, content)
    return symbols


def differences(before: Built, after: Built) -> list[str]:
    """Where two images differ, a line each; none when they are equal but for the build id."""
    if before.refused or after.refused:
        if before.refused == after.refused:
            return []
        return [f"refused before: {before.refused or 'no'}; after: {after.refused or 'no'}"]
    if before.image == after.image:
        return []
    lines = [f"firmware.bin: {len(before.image):,} bytes before, {len(after.image):,} after"]
    lines += [f"gone: {_names(before.symbols, before.symbols.keys() - after.symbols.keys())}"]
    lines += [f"new: {_names(after.symbols, after.symbols.keys() - before.symbols.keys())}"]
    both = before.symbols.keys() & after.symbols.keys()
    pairs = {key: (before.symbols[key], after.symbols[key]) for key in sorted(both)}
    sizes = [f"{k[0]} {a.size} to {b.size}" for k, (a, b) in pairs.items() if a.size != b.size]
    moved = sum(a.address != b.address for a, b in pairs.values())
    content = [k[0] for k, (a, b) in pairs.items() if a.size == b.size and a.content != b.content]
    lines += [f"other size: {_listed(sizes)}", f"other content: {_listed(content)}"]
    return [line for line in lines if not line.endswith(": ")] + [f"at another address: {moved}"]


def _names(symbols: Symbols, keys: set[tuple[str, int]]) -> str:
    return _listed([f"{key[0]} ({symbols[key].size})" for key in sorted(keys)])


def _listed(items: list[str]) -> str:
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return ", ".join(items[:SHOWN]) + more
