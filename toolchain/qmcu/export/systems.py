"""What each build system needs beside the library's sources."""

import re
from collections.abc import Mapping

from qmcu.board import Board
from qmcu.codegen.templates import render
from qmcu.export.library import Library

# Arm's models of its cores, for boards that no pack of a vendor describes.
_CORE_PACK = "ARM::Cortex_DFP"
_CORE_DEVICES = {
    "cortex-m0": "ARMCM0", "cortex-m0plus": "ARMCM0P", "cortex-m3": "ARMCM3",
    "cortex-m4": "ARMCM4", "cortex-m7": "ARMCM7", "cortex-m33": "ARMCM33",
    "cortex-m55": "ARMCM55", "cortex-m85": "ARMCM85",
}  # fmt: skip
# Versions that public projects name; a newer one of the same major version is taken as well.
_PACK_VERSIONS = {
    "ARM::Cortex_DFP": "^1.1.0",
    "Keil::STM32F4xx_DFP": "^3.0.0",
    "Keil::STM32F7xx_DFP": "^3.0.0",
    "Keil::STM32G4xx_DFP": "^2.0.0",
    "Keil::STM32H7xx_DFP": "^4.0.0",
    "Keil::STM32L4xx_DFP": "^3.1.0",
    "Keil::STM32U5xx_DFP": "^3.0.0",
    "NordicSemiconductor::nRF_DeviceFamilyPack": "^8.58.0",
}
# Boards that Zephyr has of a core, for those that it does not know: they are in QEMU.
_ZEPHYR_BOARDS = {
    "cortex-m3": "mps2/an385", "cortex-m4": "mps2/an386", "cortex-m7": "mps2/an500",
    "cortex-m33": "mps2/an521/cpu0", "cortex-m55": "mps3/corstone300/an547",
    "cortex-m85": "ek_ra8m1",
}  # fmt: skip
# Since Zephyr 3.7 a board's name has its chip behind a slash.
_BEFORE_3_7 = {
    "mps3/corstone300/an547": "mps3_an547", "mps2/an521/cpu0": "mps2_an521",
    "rpi_pico/rp2040": "rpi_pico",
}  # fmt: skip
_EXAMPLE_STACK = 4096


def cmake_files(library: Library) -> Mapping[str, str]:
    """A plain CMake library with a toolchain file for the board's core."""
    usage = "cmake -B build --toolchain arm-none-eabi.cmake && cmake --build build"
    return {
        **library.files,
        "CMakeLists.txt": render("cmake/CMakeLists.txt.j2", library.values),
        "arm-none-eabi.cmake": render("cmake/arm-none-eabi.cmake.j2", library.values),
        "README.md": _readme(library, usage),
    }


def zephyr_board(board: Board) -> tuple[str, str]:
    """The board's name in Zephyr 4.x, and before 3.7."""
    known = _ZEPHYR_BOARDS.get(board.core.cpu, _ZEPHYR_BOARDS["cortex-m4"])
    name: str = board.export.get("zephyr", known)
    return name, _BEFORE_3_7.get(name, name.replace("/", "_"))


def zephyr_files(library: Library) -> Mapping[str, str]:
    """A Zephyr module with a sample application."""
    board, before = zephyr_board(library.board)
    values = {**library.values, "zephyr_board": board, "zephyr_board_before_3_7": before}
    sample = "samples/qmcu_model"
    own = {n: t for n, t in library.files.items() if not n.startswith("example/")}
    usage = f"west build -b {board} {sample}"
    if before != board:
        usage += f"    # before Zephyr 3.7: -b {before}"
    return {
        **own,
        "zephyr/module.yml": render("zephyr/module.yml.j2", values),
        "zephyr/CMakeLists.txt": render("zephyr/CMakeLists.txt.j2", values),
        "zephyr/Kconfig": render("zephyr/Kconfig.j2", values),
        f"{sample}/CMakeLists.txt": render("zephyr/sample_CMakeLists.txt.j2", values),
        f"{sample}/prj.conf": render("zephyr/prj.conf.j2", values),
        f"{sample}/sample.yaml": render("zephyr/sample.yaml.j2", values),
        **{f"{sample}/src/{name}": text for name, text in library.example.items()},
        "README.md": _readme(library, usage, example=f"{sample}/src/main.c"),
    }


def csolution_files(library: Library) -> Mapping[str, str]:
    """A CMSIS-Toolbox layer, and a solution whose project uses it.

    The example has a startup file and a linker script of its own: the packs' components differ
    from version to version.
    """
    board = library.board
    device = board.export.get("cmsis_device", _CORE_DEVICES[board.core.cpu])
    pack: str = board.export.get("cmsis_pack", _CORE_PACK)
    version = _PACK_VERSIONS.get(pack)
    script = f"{board.name}.ld"
    values = {
        **library.values,
        "device": device,
        "device_pack": f"{pack}@{version}" if version else pack,
        "target_type": re.sub(r"[^A-Za-z0-9_-]", "-", board.name)[:32],
        "linker_script": script,
        "example_stack": _EXAMPLE_STACK,
    }
    names = ("qmcu.csolution.yml", "qmcu_model.clayer.yml")
    return {
        **library.files,
        **{name: render(f"csolution/{name}.j2", values) for name in names},
        "example/example.cproject.yml": render("csolution/example.cproject.yml.j2", values),
        "example/startup.c": render("csolution/startup.c.j2", values),
        f"example/{script}": render("csolution/example.ld.j2", values),
        "README.md": _readme(library, "cbuild qmcu.csolution.yml --packs"),
    }


def arduino_files(library: Library) -> Mapping[str, str]:
    """A library for Arduino's IDE, arduino-cli and PlatformIO."""
    several = "parts" in library.values
    names = [header.removeprefix("include/") for header in library.values["headers"]]
    header = f"src/{names[0]}"
    files = {n: t for n, t in library.files.items() if not n.startswith("example/")}
    for name in names:
        files[f"src/{name}"] = files.pop(f"include/{name}")
    samples = {n: t for n, t in library.example.items() if n.endswith("sample.h")}
    values = {
        **library.values,
        "library_name": "qmcu_model",
        "names": names,
        "headers": [f"src/{name}" for name in names],
        "sketch": ["Sample.ino", *samples],
    }
    # Arduino gives a library no flags of its own.
    fast = library.values["fast_flag"].removeprefix("-")
    pragma = f'#pragma GCC optimize("{fast}", "fp-contract=off")\n'
    files = {n: pragma + t if n.endswith(".c") else t for n, t in files.items()}
    sample = "examples/Sample"
    usage = "arduino-cli compile --library . --fqbn PACKAGE:ARCHITECTURE:BOARD " + sample
    return {
        **files,
        "library.properties": render("arduino/library.properties.j2", values),
        "library.json": render("arduino/library.json.j2", values),
        f"{sample}/Sample.ino": render(f"arduino/Sample{'s' * several}.ino.j2", values),
        **{f"{sample}/{name}": text for name, text in samples.items()},
        "README.md": _readme(library, usage, header, f"{sample}/Sample.ino"),
    }


def _readme(
    library: Library,
    usage: str,
    header: str = "include/qmcu_model.h",
    example: str = "example/main.c",
) -> str:
    values = {**library.values, "usage": usage, "header": header, "example": example}
    if "parts" in values:
        folder = header.rpartition("/")[0]
        values["headers"] = [f"{folder}/{part['plan'].name}.h" for part in values["parts"]]
        return render("library/several.md.j2", values)
    return render("library/README.md.j2", values)
