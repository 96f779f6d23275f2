"""Reading GNU ld's map file: memories, output sections, input sections with their objects."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qmcu.errors import ToolError

FILL = "*fill*"
_REGION = re.compile(r"^(\S+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)(?:\s+(\S+))?$")
_PLACED = re.compile(r"^\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)(?: (.*))?$")
_OUTPUT = re.compile(r"^(\S+)(.*)$")
_INPUT = re.compile(r"^ (\*fill\*|[^\s*]\S*)(.*)$")


@dataclass(frozen=True)
class Region:
    """One memory of the linker script: first address and length in bytes."""

    name: str
    origin: int
    length: int
    attributes: str = ""

    @property
    def writable(self) -> bool:
        """True for RAM."""
        return "w" in self.attributes

    def holds(self, address: int) -> bool:
        """True when `address` lies in it."""
        return self.origin <= address < self.origin + self.length


def memory_words(region: str) -> str:
    """A region's name in words: flash, RAM, external flash, external RAM."""
    return region.replace("_", " ").replace("ram", "RAM")


@dataclass(frozen=True)
class InputSection:
    """A piece that an object contributed: `source` is its path as the linker got it.

    Fill between pieces has the name `*fill*` and no source.
    """

    output: str
    name: str
    address: int
    size: int
    source: str

    @property
    def end(self) -> int:
        """The first address after it."""
        return self.address + self.size


@dataclass(frozen=True)
class LinkerMap:
    """A parsed map file; `inputs` in file order, sections of size 0 left out."""

    regions: tuple[Region, ...]
    inputs: tuple[InputSection, ...]


def parse_map(text: str) -> LinkerMap:
    """Parse the text of a map file. Raises ToolError when it is not one of GNU ld."""
    _, found, rest = text.partition("\nMemory Configuration\n")
    memory, found_too, layout = rest.partition("\nLinker script and memory map\n")
    if not found or not found_too:
        raise ToolError("the linker map has no memory configuration; build the firmware again.")
    return LinkerMap(tuple(_regions(memory)), tuple(_inputs(layout)))


def _regions(text: str) -> Iterator[Region]:
    for line in text.splitlines():
        match = _REGION.match(line.rstrip())
        if match and match[1] != "*default*":
            yield Region(match[1], int(match[2], 16), int(match[3], 16), match[4] or "")


def _inputs(text: str) -> Iterator[InputSection]:
    output = pending = ""
    for line in text.splitlines():
        place = _PLACED.match(line)
        if place and pending:
            name, pending = pending, ""
            yield from _section(output, name, place)
            continue
        pending = ""
        if match := _OUTPUT.match(line):
            output = match[1]
        elif match := _INPUT.match(line):
            # A long name stands alone; its address and size follow on the next line.
            place = _PLACED.match(match[2])
            if place:
                yield from _section(output, match[1], place)
            elif not match[2]:
                pending = match[1]


def _section(output: str, name: str, place: re.Match[str]) -> Iterator[InputSection]:
    address, size = int(place[1], 16), int(place[2], 16)
    if size:
        yield InputSection(output, name, address, size, (place[3] or "").strip())
