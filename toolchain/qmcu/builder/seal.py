"""The seal of a release: what its parts in flash are, written behind them after linking.

At boot the firmware compares its own SHA-256 with the seal, and while it works its CRC-32. An
image that was linked by hand has all ones there, and checks nothing.
"""

import struct
import zlib
from pathlib import Path

from elftools.elf.elffile import ELFFile

from qmcu.builder.compiling import BuildResult, clean_environment, run_builder
from qmcu.builder.elf_layout import DAMAGE, read_parts, shown_damage
from qmcu.errors import ToolError

_SECTION = ".seal"
_SEAL = struct.Struct("<32sI")


def seal_image(result: BuildResult, outside: bool) -> None:
    """Write the seal into the ELF file of a release, and make its .bin and .hex anew.

    `outside` tells whether a part lies in external flash. Raises ToolError when there is none.
    """
    digest, content = read_parts(result.elf)
    if not digest:
        raise ToolError(f"{result.elf} does not tell its parts; it cannot be sealed.")
    _write_section(result.elf, _SEAL.pack(bytes.fromhex(digest), zlib.crc32(content)))
    left_out = ["-R", ".external_flash"] if outside else []
    for kind, options in (("binary", left_out), ("ihex", [])):
        target = result.bin if kind == "binary" else result.hex
        objcopy = [str(result.toolchain.objcopy.path), "-O", kind, *options]
        command = [*objcopy, result.elf.name, target.name]
        run_builder("objcopy", command, result.directory, clean_environment())


def _write_section(path: Path, content: bytes) -> None:
    try:
        with path.open("r+b") as stream:
            section = ELFFile(stream).get_section_by_name(_SECTION)
            if section is None or section["sh_size"] != len(content):
                raise ToolError(f"{path} has no place for a seal; build it anew.")
            stream.seek(section["sh_offset"])
            stream.write(content)
    except DAMAGE as error:
        raise ToolError(f"{path} is damaged ({shown_damage(error)}).") from error
