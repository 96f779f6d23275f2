"""Where the C sources, templates and board files are: beside the checkout or inside the wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _root() -> Path:
    installed = _PACKAGE / "_resources"
    return installed if installed.is_dir() else _PACKAGE.parents[1]


def firmware_directory() -> Path:
    """The directory holding kernels/, runtime/, ports/ and templates/."""
    return _root() / "firmware"


def boards_directory() -> Path:
    """The directory holding one TOML file per board."""
    return _root() / "boards"


def renode_directory() -> Path:
    """The directory holding Renode's platforms, script template and robot suites."""
    return _root() / "renode"
