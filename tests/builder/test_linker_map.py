import pytest

from qmcu.builder.linker_map import FILL, InputSection, Region, parse_map
from qmcu.errors import ToolError

TEXT = """
Discarded input sections

 .text.unused   0x00000000       0x10 a.o

Memory Configuration

Name             Origin             Length             Attributes
flash            0x08000000         0x00010000         xr
ram              0x20000000         0x00004000         rw
*default*        0x00000000         0xffffffff

Linker script and memory map

LOAD a.o
.text           0x08000000       0x5c
 *(.text*)
 .text.startup.main
                0x08000000       0x48 a.o
                0x08000000                main
 *fill*         0x08000048        0x8 00
 .text          0x08000050        0xc /usr/lib/libgcc.a(_udivmoddi4.o)
                                 0x10 (size before relaxing)
 .empty         0x0800005c        0x0 a.o

.bss            0x20000000       0x24 load address 0x0800005c
                0x20000000                start = .
 COMMON         0x20000000       0x20 folder with space/b.o
"""


def test_regions() -> None:
    assert parse_map(TEXT).regions == (
        Region("flash", 0x08000000, 0x10000, "xr"),
        Region("ram", 0x20000000, 0x4000, "rw"),
    )
    assert [region.writable for region in parse_map(TEXT).regions] == [False, True]


def test_sections_with_wrapped_names_fill_and_archives() -> None:
    assert parse_map(TEXT).inputs == (
        InputSection(".text", ".text.startup.main", 0x08000000, 0x48, "a.o"),
        InputSection(".text", FILL, 0x08000048, 8, "00"),
        InputSection(".text", ".text", 0x08000050, 12, "/usr/lib/libgcc.a(_udivmoddi4.o)"),
        InputSection(".bss", "COMMON", 0x20000000, 0x20, "folder with space/b.o"),
    )


def test_another_file_is_refused() -> None:
    with pytest.raises(ToolError, match="no memory configuration"):
        parse_map("not a map")
