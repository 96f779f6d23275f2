"""A C project in, firmware and its memory report out.

`build_project` runs the generated Makefile; `memory_report` accounts for every byte of flash and
RAM from the linker map and the ELF file; `build_firmware` does the whole way from a Graph.
"""

from qmcu.builder.classify import Category
from qmcu.builder.compiling import BuildResult, build_project
from qmcu.builder.firmware import BuildOptions, build_firmware
from qmcu.builder.memory import MemoryEntry, MemoryReport, RegionUse
from qmcu.builder.toolchain import Tool, Toolchain, find_tool, find_toolchain

__all__ = [
    "BuildOptions",
    "BuildResult",
    "Category",
    "MemoryEntry",
    "MemoryReport",
    "RegionUse",
    "Tool",
    "Toolchain",
    "build_firmware",
    "build_project",
    "find_tool",
    "find_toolchain",
]
