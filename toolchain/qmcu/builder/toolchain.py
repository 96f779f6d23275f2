"""Finding external programs: where each is, its version, how to get it when it is missing."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from qmcu.errors import ToolError

PREFIX = "arm-none-eabi-"
DEBIAN_PACKAGES = ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "make")
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_PROBE_S = 20.0


@dataclass(frozen=True)
class Tool:
    """An external program: name, absolute path, version ("" when it does not tell)."""

    name: str
    path: Path
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True)
class Toolchain:
    """What a build needs: compiler, objcopy, size, and make unless another program builds."""

    compiler: Tool
    objcopy: Tool
    size: Tool
    make: Tool | None = None


def find_program(name: str) -> str | None:
    """The path of the program `name` on PATH or beside Python (pip puts pyocd there), or None."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def find_tool(name: str, version_arguments: tuple[str, ...] = ("--version",)) -> Tool | None:
    """The program `name` on PATH with its version, or None."""
    program = find_program(name)
    if program is None:
        return None
    return Tool(name, Path(program), _version(program, version_arguments))


def find_toolchain(*, with_make: bool = True) -> Toolchain:
    """Compiler, objcopy, size and, unless it is not wanted, make. Raises ToolError naming what to
    install."""
    names = {
        "compiler": f"{PREFIX}gcc",
        "objcopy": f"{PREFIX}objcopy",
        "size": f"{PREFIX}size",
    }
    if with_make:
        names["make"] = "make"
    missing = [name for name in names.values() if shutil.which(name) is None]
    if missing:
        raise ToolError(f"{' and '.join(missing)} not found on PATH; {_install_hint()}.")
    tools = {role: find_tool(name) for role, name in names.items()}
    return Toolchain(**{role: tool for role, tool in tools.items() if tool is not None})


def _install_hint() -> str:
    if sys.platform == "darwin":
        return "install with `brew install --cask gcc-arm-embedded` and `xcode-select --install`"
    if sys.platform == "win32":
        return (
            "install with `choco install gcc-arm-embedded make`, or Arm's GNU toolchain from "
            "developer.arm.com"
        )
    return f"on Debian or Ubuntu install with `apt-get install {' '.join(DEBIAN_PACKAGES)}`"


def _version(path: str, arguments: tuple[str, ...]) -> str:
    try:
        # DEVNULL: a probe that waits for input must not hold up `qmcu doctor`.
        result = subprocess.run(
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PROBE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    text = result.stdout.decode("utf-8", "replace")
    # gcc's first line holds the distribution's package version first, in parentheses.
    first = re.sub(r"\([^)]*\)", "", text.splitlines()[0]) if text else ""
    match = _VERSION.search(first) or _VERSION.search(text)
    return match.group() if match else ""
