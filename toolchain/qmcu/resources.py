"""Where the C sources, templates and board files are: beside the checkout or inside the wheel."""

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_KERNEL_SETS = ("portable", "dsp", "mve", "scalar", "cmsis_nn")


def _root() -> Path:
    installed = _PACKAGE / "_resources"
    return installed if installed.is_dir() else _PACKAGE.parents[1]


def is_checkout() -> bool:
    """Whether this qmcu runs from a clone, where somebody may work on qmcu itself."""
    return (_root() / "pyproject.toml").is_file()


def firmware_directory() -> Path:
    """The directory holding kernels/, runtime/, ports/ and templates/."""
    return _root() / "firmware"


def kernel_directories() -> tuple[Path, ...]:
    """The directories of the kernels' C files: plain C, then a directory per kernel set.

    File names are unique over all of them, and an include names the file alone: a generated
    project holds the files that it needs in one flat folder.
    """
    return tuple(firmware_directory() / "kernels" / name for name in _KERNEL_SETS)


def boards_directory() -> Path:
    """The directory holding one TOML file per board."""
    return _root() / "boards"


def page(name: str) -> str:
    """Where a reader finds the page `name` of docs/, such as SIZE, from a checkout or a wheel.

    Every message that refers to documentation gets its reference from here.
    """
    path = _root() / "docs" / f"{name}.md"
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def cache_directory(name: str) -> Path:
    """The user's own folder for what can be made again, by what it is of; it may not exist yet."""
    home = Path.home()
    places = {"win32": home / "AppData/Local", "darwin": home / "Library/Caches"}
    root = Path(os.environ.get("XDG_CACHE_HOME") or places.get(sys.platform, home / ".cache"))
    return root / "qmcu" / name


def renode_directory() -> Path:
    """The directory holding Renode's platforms, script template and robot suites."""
    return _root() / "renode"


def operator_counts() -> Path:
    """On how many random graphs each operator equals tflite-micro, as bench/operators measured."""
    root = _root()
    return root / (
        "operators.json" if root.name == "_resources" else "bench/operators/results.json"
    )
