"""What this machine has: Python packages and external programs, and how to get what is missing."""

import importlib.metadata
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from qmcu.builder.cmsis_nn import VARIABLE, find_cmsis_nn
from qmcu.builder.toolchain import PREFIX, find_tool
from qmcu.device.renode_program import RELEASES, find_renode, renode_version
from qmcu.device.renode_program import VARIABLE as RENODE_VARIABLE
from qmcu.errors import ToolError, UsageError
from qmcu.extras import OWN_EXTRAS, extras, install_command, package_name, required
from qmcu.model.engines import engine_version
from qmcu.resources import is_checkout


@dataclass(frozen=True)
class Need:
    """Something qmcu can use: `purpose` is what for: build, test, convert, flash."""

    name: str
    purpose: str
    required: bool
    get: str
    package: bool = False
    version_arguments: tuple[str, ...] = ("--version",)


@dataclass(frozen=True)
class Presence:
    """A need, and what was found of it: empty version and path when it is missing."""

    need: Need
    found: bool
    version: str = ""
    path: str = ""


def packages() -> tuple[Need, ...]:
    """The packages that the installed qmcu asks for, by its own metadata.

    Those for work on qmcu itself are of no use outside a clone.
    """
    needs = {
        name: Need(name, "build and test", True, install_command(name), True)
        for name in map(package_name, required())
    }
    purposes: dict[str, list[str]] = {}
    for extra, lines in extras().items():
        for name in map(package_name, lines):
            purposes.setdefault(name, []).append(extra)
    for name, found in sorted(purposes.items()):
        if not is_checkout() and set(found) <= set(OWN_EXTRAS):
            continue
        what = f"extra{'s' if len(found) > 1 else ''} {', '.join(found)}"
        needs.setdefault(name, Need(name, what, False, install_command(name), True))
    return tuple(needs.values())


_CMSIS_NN = "CMSIS-NN"
_ORACLE = "oracle"
_RENODE = "renode"
NEEDS = (
    *packages(),
    Need(_ORACLE, "expected bytes", True, install_command("tflite-micro")),
    Need(f"{PREFIX}gcc", "build", True, "apt-get install gcc-arm-none-eabi"),
    Need(f"{PREFIX}objcopy", "build", True, "apt-get install binutils-arm-none-eabi"),
    Need("make", "build", True, "apt-get install make"),
    Need("ccache", "faster build", False, "apt-get install ccache"),
    Need("cmake", "build by CMake", False, "apt-get install cmake"),
    Need("qemu-system-arm", "test --on qemu", True, "apt-get install qemu-system-arm"),
    Need(
        _CMSIS_NN,
        "build --kernels cmsis-nn",
        False,
        f"git clone https://github.com/ARM-software/CMSIS-NN, then set {VARIABLE}",
    ),
    Need(_RENODE, "test --on renode", False, f"{RELEASES}, or set {RENODE_VARIABLE}"),
    Need("openocd", "flash", False, "apt-get install openocd"),
    Need("st-flash", "flash", False, "apt-get install stlink-tools"),
    Need("STM32_Programmer_CLI", "flash", False, "STM32CubeProgrammer from st.com"),
    Need("JLinkExe", "flash", False, "J-Link software from segger.com"),
    Need("stm32flash", "flash", False, "apt-get install stm32flash", version_arguments=("-h",)),
    Need("gdb-multiarch", "flash", False, "apt-get install gdb-multiarch"),
)


def examine(needs: tuple[Need, ...] = NEEDS) -> tuple[Presence, ...]:
    """Look for everything in `needs`; the first finding is Python itself."""
    python = Need("python", "everything", True, "apt-get install python3")
    here = Presence(python, True, platform.python_version(), sys.executable)
    return (here, *map(_find, needs))


def _find(need: Need) -> Presence:
    if need.package:
        return _find_package(need)
    special = {_CMSIS_NN: _find_cmsis_nn, _RENODE: _find_renode, _ORACLE: _find_oracle}
    return special.get(need.name, _find_program)(need)


def _find_cmsis_nn(need: Need) -> Presence:
    try:
        library = find_cmsis_nn()
    except ToolError:
        return Presence(need, False)
    return Presence(need, True, library.version, str(library.path))


def _find_renode(need: Need) -> Presence:
    try:
        program = find_renode()
        return Presence(need, True, renode_version(program), program)
    except ToolError:
        return Presence(need, False)


def _find_oracle(need: Need) -> Presence:
    try:
        return Presence(need, True, engine_version())
    except UsageError:
        return Presence(need, False)


def missing(findings: tuple[Presence, ...]) -> tuple[Need, ...]:
    """What is needed for build and test and was not found."""
    return tuple(f.need for f in findings if f.need.required and not f.found)


def _find_program(need: Need) -> Presence:
    tool = find_tool(need.name, need.version_arguments)
    return Presence(need, True, tool.version, str(tool.path)) if tool else Presence(need, False)


def _find_package(need: Need) -> Presence:
    # The metadata tells the version without importing the package, which may take seconds.
    try:
        distribution = importlib.metadata.distribution(need.name)
    except importlib.metadata.PackageNotFoundError:
        return Presence(need, False)
    return Presence(need, True, distribution.version, str(Path(str(distribution.locate_file("")))))
