"""Packages that only some commands need: how each is got, and the sentence when one is missing.

The names and versions are those of the installed qmcu's own metadata. The command names the
packages themselves, so that it works wherever qmcu was installed from.
"""

import importlib
import importlib.metadata
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from qmcu.errors import ToolError

# Modules whose package has another name.
_PACKAGES = {"PIL": "pillow", "sklearn": "scikit-learn", "cv2": "opencv-python"}
# Those for work on qmcu itself.
OWN_EXTRAS = ("bench", "demo", "site", "test")
_EXTRA = re.compile(r"""extra\s*==\s*["']([\w-]+)["']""")


@cache
def extras() -> Mapping[str, tuple[str, ...]]:
    """The extras by name, each with what it requires, such as h5py>=3.10."""
    found: dict[str, list[str]] = {}
    for line in _requirements():
        requirement, _, marker = line.partition(";")
        for name in _EXTRA.findall(marker):
            found.setdefault(name, []).append(requirement.strip())
    return {name: tuple(lines) for name, lines in sorted(found.items())}


def required() -> tuple[str, ...]:
    """What qmcu requires here; what it does on some systems alone counts where it is installed."""
    split = (line.partition(";") for line in _requirements() if not _EXTRA.search(line))
    lines = [(requirement.strip(), marker.strip()) for requirement, _, marker in split]
    return tuple(r for r, marker in lines if not marker or _installed(package_name(r)))


def package_name(requirement: str) -> str:
    """The package of a requirement: h5py of h5py>=3.10."""
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def install_command(package: str) -> str:
    """The command that installs a package in a version that qmcu works with."""
    known = (r for lines in (*extras().values(), required()) for r in lines)
    requirement = next((r for r in known if package_name(r) == package), package)
    quoted = requirement if requirement == package else f'"{requirement}"'
    return f"pip install {quoted}"


def missing_package(module: str, purpose: str) -> ToolError:
    """The error of a `purpose` that needs the package of `module`, which is not installed."""
    package = _PACKAGES.get(module.partition(".")[0], module.partition(".")[0])
    others = [r for r in _kin(package) if package_name(r) != package]
    missing = [f'"{r}"' for r in others if not _installed(package_name(r))]
    command = " ".join([install_command(package), *missing])
    return ToolError(f"{purpose} needs the package {package}, which is not installed: `{command}`.")


def _kin(package: str) -> tuple[str, ...]:
    """What the smallest extra that has the package requires: it will be asked for next."""
    named = {name: lines for name, lines in extras().items() if name not in OWN_EXTRAS}
    having = (lines for lines in named.values() if package in map(package_name, lines))
    return min(having, key=len, default=())


def load_module(module: str, purpose: str) -> Any:
    """Import a module of an optional package. Raises ToolError when it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise missing_package(module, purpose) from error


def optional_package(module: str) -> str | None:
    """The optional package that a module belongs to, None when it is no extra's."""
    package = _PACKAGES.get(module.partition(".")[0], module.partition(".")[0])
    names = {package_name(r) for lines in extras().values() for r in lines}
    return package if package in names else None


def _installed(package: str) -> bool:
    try:
        importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _requirements() -> list[str]:
    try:
        return importlib.metadata.requires("qmcu") or []
    except importlib.metadata.PackageNotFoundError:
        return []
