"""Running the generated project's Makefile, and putting its failures into words."""

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from qmcu.builder.linker_map import Region, memory_words, parse_map
from qmcu.builder.toolchain import Tool, Toolchain, find_toolchain
from qmcu.errors import DoesNotFitError, QmcuError, ToolError

_OVERFLOW = re.compile(r"region `(\w+)' overflowed by (\d+) bytes?")
_COMPILE_ERROR = re.compile(r"^\S+:\d+:(?:\d+:)? (?:fatal )?error: .*$", re.MULTILINE)
_LINK_ERROR = re.compile(r"\bld: (?!warning).*$", re.MULTILINE)
_UNDEFINED = re.compile(r"\S+: undefined reference to .*$", re.MULTILINE)
_MAKE_VARIABLES = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEFILES")
_FLAG_VARIABLES = ("CFLAGS", "CPPFLAGS", "LDFLAGS", "LDLIBS", "CC", "ASFLAGS")


@dataclass(frozen=True)
class BuildResult:
    """The products of a build, what made them, and how long it took in seconds."""

    directory: Path
    elf: Path
    bin: Path
    hex: Path
    map: Path
    toolchain: Toolchain
    builder: Tool
    seconds: float


def build_project(directory: Path) -> BuildResult:
    """Compile and link the generated project in `directory`.

    With ccache installed, objects of the same sources and flags come from its cache, whatever
    folder they were compiled in. Raises ToolError when a program is missing or the compiler
    refuses, DoesNotFitError when a memory overflows.
    """
    toolchain = find_toolchain()
    assert toolchain.make is not None  # for it was asked for
    started = time.monotonic()
    command = [str(toolchain.make.path), "--no-print-directory", f"-j{os.cpu_count() or 1}"]
    environment = clean_environment()
    cache = shutil.which("ccache")
    try:
        compiler = [f"CC={cache} {toolchain.compiler.name}"] if cache is not None else []
        run_builder("make", [*command, *compiler], directory, environment)
    except QmcuError:
        if cache is None:
            raise
        # It may be the cache that failed, of a full or read-only folder: a build needs none.
        run_builder("make", command, directory, environment)
    files = image_files(directory)
    absent = [path.name for path in files.values() if not path.is_file()]
    if absent:
        raise ToolError(f"make in {directory} succeeded but made no {' and no '.join(absent)}.")
    return BuildResult(
        directory=directory,
        toolchain=toolchain,
        builder=toolchain.make,
        seconds=time.monotonic() - started,
        **files,
    )


def run_builder(
    name: str, command: list[str], directory: Path, environment: dict[str, str]
) -> None:
    """Run a step of a build in `directory`. Raises ToolError or DoesNotFitError when it fails."""
    try:
        result = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise ToolError(f"{name} could not be started in {directory}: {error}.") from error
    if result.returncode:
        output = (result.stdout + result.stderr).decode("utf-8", "replace")
        raise explain_failure(output, directory)


def image_files(directory: Path) -> dict[str, Path]:
    """The names of a build's products by their kind."""
    return {kind: directory / f"firmware.{kind}" for kind in ("elf", "bin", "hex", "map")}


def explain_failure(output: str, directory: Path) -> QmcuError:
    """The error to raise for a failed make whose output was `output`."""
    if "No space left on device" in output:
        return ToolError(f"the disk is full: the firmware could not be built in {directory}.")
    overflows = [(name, int(over)) for name, over in _OVERFLOW.findall(output)]
    if overflows:
        return _does_not_fit(overflows, directory)
    patterns = (_COMPILE_ERROR, _UNDEFINED, _LINK_ERROR)
    match = next((found for p in patterns if (found := p.search(output))), None)
    lines = [line for line in output.splitlines() if line.strip()]
    reason = match.group().strip() if match else (lines[-1].strip() if lines else "no output")
    return ToolError(f"the firmware does not compile: {reason}")


def _does_not_fit(overflows: list[tuple[str, int]], directory: Path) -> DoesNotFitError:
    regions = {region.name: region for region in _regions(directory)}
    parts = [_overflow(name, over, regions.get(name)) for name, over in overflows]
    shortage = "; ".join(parts)
    return DoesNotFitError(
        f"the firmware does not fit: {shortage}; take a smaller model or a board with more memory "
        "(`qmcu boards` lists them).",
        shortage,
        {memory_words(name): over for name, over in overflows},
    )


def _overflow(name: str, over: int, region: Region | None) -> str:
    if region is None:
        return f"{name} is short of {over:,} bytes"
    return (
        f"{name} needs {region.length + over:,} bytes and the board has {region.length:,}, "
        f"{over:,} too few"
    )


def _regions(directory: Path) -> tuple[Region, ...]:
    # ld writes the map even when a region overflows.
    try:
        return parse_map((directory / "firmware.map").read_text()).regions
    except (OSError, ToolError):
        return ()


def clean_environment() -> dict[str, str]:
    """The user's environment without what would change the build or the language of messages."""
    dropped = {*_MAKE_VARIABLES, *_FLAG_VARIABLES}
    return {k: v for k, v in os.environ.items() if k not in dropped} | {"LC_ALL": "C"}
