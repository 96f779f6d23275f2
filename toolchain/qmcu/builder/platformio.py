"""Building the generated project with PlatformIO instead of make: the same bytes by another way.

PlatformIO runs offline: its platform is the project's own, its compiler the one on PATH, and SCons
is pip's. Nothing of the user's PlatformIO folder is read or changed.
"""

import shutil
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from qmcu.builder.compiling import BuildResult, clean_environment, image_files, run_builder
from qmcu.builder.toolchain import Tool, find_toolchain
from qmcu.errors import ToolError
from qmcu.extras import install_command
from qmcu.scratch import ScratchFolder

_OUTPUT = ".pio/build/offline"


def find_platformio() -> Tool:
    """PlatformIO as this Python has it. Raises ToolError that says how to get it, or SCons."""
    missing = []
    found = ""
    for package in ("platformio", "scons"):
        try:
            number = version(package)
            found = number if package == "platformio" else found
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        raise ToolError(
            f"{' and '.join(missing)} not installed; get what is missing with "
            f"{' and '.join(f'`{install_command(package)}`' for package in missing)}."
        )
    return Tool("platformio", Path(sys.executable), found)


def build_with_platformio(directory: Path) -> BuildResult:
    """Compile and link the project in `directory`, which has PlatformIO's files.

    Raises ToolError when a program is missing or the compiler refuses, DoesNotFitError when a
    memory overflows.
    """
    builder = find_platformio()
    toolchain = find_toolchain(with_make=False)
    started = time.monotonic()
    with ScratchFolder("platformio") as core:
        environment = clean_environment() | {
            "PLATFORMIO_CORE_DIR": core,
            "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
            "PLATFORMIO_NO_ANSI": "true",
            "PWD": str(directory),
        }
        for name in [name for name in environment if _disturbs(name)]:
            del environment[name]
        for arguments in (
            ("offline/prepare.py",),
            ("-m", "platformio", "run", "--project-conf", "offline.ini"),
        ):
            command = [sys.executable, *arguments]
            run_builder("PlatformIO", command, directory, environment)
    try:
        for path in image_files(directory).values():
            shutil.move(directory / _OUTPUT / path.name, path)
    except OSError as error:
        raise ToolError(f"PlatformIO succeeded but made no {path.name}: {error}.") from error
    for folder in (".pio", "offline/packages"):
        shutil.rmtree(directory / folder)
    return BuildResult(
        directory=directory,
        toolchain=toolchain,
        builder=builder,
        seconds=time.monotonic() - started,
        **image_files(directory),
    )


def _disturbs(name: str) -> bool:
    """True for PlatformIO's variables that would change the build, such as PLATFORMIO_BUILD_DIR."""
    kept = ("PLATFORMIO_CORE_DIR", "PLATFORMIO_SETTING_ENABLE_TELEMETRY", "PLATFORMIO_NO_ANSI")
    return name.startswith("PLATFORMIO_") and name not in kept
