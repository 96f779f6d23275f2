"""What each build system needs beside the library's sources."""

import re
from collections.abc import Mapping

from qmcu.codegen.templates import render
from qmcu.export.library import Library

# Arm's models of its cores, for boards that no pack of a vendor describes.
_CORE_PACK = "ARM::Cortex_DFP"
_CORE_DEVICES = {
    "cortex-m0": "ARMCM0", "cortex-m0plus": "ARMCM0P", "cortex-m3": "ARMCM3",
    "cortex-m4": "ARMCM4", "cortex-m7": "ARMCM7", "cortex-m33": "ARMCM33",
    "cortex-m55": "ARMCM55", "cortex-m85": "ARMCM85",
}  # fmt: skip
_QEMU_BOARD = "mps2/an386"


def cmake_files(library: Library) -> Mapping[str, str]:
    """A plain CMake library with a toolchain file for the board's core."""
    usage = "cmake -B build --toolchain arm-none-eabi.cmake && cmake --build build"
    return {
        **library.files,
        "CMakeLists.txt": render("cmake/CMakeLists.txt.j2", library.values),
        "arm-none-eabi.cmake": render("cmake/arm-none-eabi.cmake.j2", library.values),
        "README.md": _readme(library, usage),
    }


def zephyr_files(library: Library) -> Mapping[str, str]:
    """A Zephyr module with a sample application."""
    board = library.board.export.get("zephyr", _QEMU_BOARD)
    values = {**library.values, "zephyr_board": board}
    sample = "samples/qmcu_model"
    own = {n: t for n, t in library.files.items() if not n.startswith("example/")}
    return {
        **own,
        "zephyr/module.yml": render("zephyr/module.yml.j2", values),
        "zephyr/CMakeLists.txt": render("zephyr/CMakeLists.txt.j2", values),
        "zephyr/Kconfig": render("zephyr/Kconfig.j2", values),
        f"{sample}/CMakeLists.txt": render("zephyr/sample_CMakeLists.txt.j2", values),
        f"{sample}/prj.conf": render("zephyr/prj.conf.j2", values),
        f"{sample}/sample.yaml": render("zephyr/sample.yaml.j2", values),
        **{f"{sample}/src/{name}": text for name, text in library.example.items()},
        "README.md": _readme(library, f"west build -b {board} {sample}"),
    }


def csolution_files(library: Library) -> Mapping[str, str]:
    """A CMSIS-Toolbox layer, and a solution whose project uses it."""
    board = library.board
    device = board.export.get("cmsis_device", _CORE_DEVICES[board.core.cpu])
    values = {
        **library.values,
        "device": device,
        "device_pack": board.export.get("cmsis_pack", _CORE_PACK),
        "target_type": re.sub(r"[^A-Za-z0-9_-]", "-", board.name)[:32],
    }
    names = ("qmcu.csolution.yml", "qmcu_model.clayer.yml")
    return {
        **library.files,
        **{name: render(f"csolution/{name}.j2", values) for name in names},
        "example/example.cproject.yml": render("csolution/example.cproject.yml.j2", values),
        "README.md": _readme(library, "cbuild qmcu.csolution.yml --packs"),
    }


def _readme(library: Library, usage: str) -> str:
    return render("library/README.md.j2", {**library.values, "usage": usage})
