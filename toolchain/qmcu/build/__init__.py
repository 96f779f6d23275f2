"""A C project in, firmware and its memory report out.

`build_project` runs the generated Makefile; `memory_report` accounts for every byte of flash and
RAM from the linker map and the ELF file; `build_firmware` does the whole way from a Graph.
"""

from qmcu.build.builder import BuildResult, build_project
from qmcu.build.classify import Category
from qmcu.build.firmware import BuildOptions, build_firmware
from qmcu.build.memory import MemoryEntry, MemoryReport, RegionUse
from qmcu.build.toolchain import Tool, Toolchain, find_tool, find_toolchain

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
