"""Finding the user's copy of Arm's CMSIS-NN, and taking from it what a project needs.

CMSIS-NN is not part of qmcu: its sources are copied, with their licence, from the user's copy into
the generated project, and only those that the called functions reach.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qmcu.errors import ToolError

VARIABLE = "QMCU_CMSIS_NN"
# What a copy is known by: what the adapters of common layers call, all of it since version 7.
# Whether one has what else a model's adapters call is seen when its sources are taken.
FUNCTIONS = (
    "arm_convolve_wrapper_s8", "arm_depthwise_conv_wrapper_s8", "arm_fully_connected_wrapper_s8",
    "arm_elementwise_add_s8", "arm_elementwise_mul_s8", "arm_avgpool_s8", "arm_max_pool_s8",
    "arm_softmax_s8",
)  # fmt: skip
_HEADER = Path("Include") / "arm_nnfunctions.h"
_CALL = re.compile(r"\b(arm_\w+)\s*\(")
_DEFINITION = re.compile(r"^[A-Za-z_][\w \t*\n]*?\b(arm_\w+)\s*\([^;{]*\)\s*\{", re.MULTILINE)
_TABLE = re.compile(r"^const\s+\w+\s+(\w+)\s*\[", re.MULTILINE)
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
_RELEASE = re.compile(r'<release version="([^"]+)"')
_PROJECT_FOLDER = "src/cmsis_nn"


@dataclass(frozen=True)
class CmsisNn:
    """A copy of CMSIS-NN: its folder, its version ("unreleased" for a checkout), who named it."""

    path: Path
    version: str
    origin: str

    def __str__(self) -> str:
        return f"CMSIS-NN {self.version} in {self.path} ({self.origin})"


def find_cmsis_nn(given: Path | None = None) -> CmsisNn:
    """The copy at `given`, of QMCU_CMSIS_NN, of an installed CMSIS pack or a PlatformIO library.

    Raises ToolError: none found, with the places that were looked at, or one that is too old.
    """
    places = list(_places(given))
    for path, origin in places:
        if (path / _HEADER).is_file():
            return _checked(path, origin)
        if origin in ("--cmsis-nn", VARIABLE):
            raise ToolError(
                f"{path} ({origin}) is no CMSIS-NN: it has no {_HEADER}; give the folder that "
                "holds Include and Source."
            )
    looked = ", ".join(str(path) for path, _ in places) or "no place is known here"
    raise ToolError(
        "CMSIS-NN was not found; get it with `git clone https://github.com/ARM-software/CMSIS-NN` "
        f"or as the CMSIS pack ARM::CMSIS-NN, and name it with --cmsis-nn or {VARIABLE} "
        f"(looked at: {looked})."
    )


def _places(given: Path | None) -> Iterator[tuple[Path, str]]:
    if given is not None:
        yield given, "--cmsis-nn"
        return
    if os.environ.get(VARIABLE):
        yield Path(os.environ[VARIABLE]), VARIABLE
        return
    home = Path.home()
    packs = os.environ.get("CMSIS_PACK_ROOT")
    roots = [Path(packs)] if packs else [home / ".cache/arm/packs", home / ".arm/Packs"]
    if os.environ.get("LOCALAPPDATA"):
        roots.append(Path(os.environ["LOCALAPPDATA"]) / "Arm" / "Packs")
    for root in roots:
        folder = root / "ARM" / "CMSIS-NN"
        versions = sorted(folder.glob("*"), key=_version_key, reverse=True)
        yield from ((path, "CMSIS pack") for path in versions or [folder])
    for root in (Path(".pio/libdeps"), home / ".platformio/lib"):
        copies = sorted(root.glob("**/CMSIS-NN")) if root.is_dir() else []
        yield from ((path, "PlatformIO library") for path in copies or [root / "CMSIS-NN"])


def _version_key(path: Path) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", path.name))


def _checked(path: Path, origin: str) -> CmsisNn:
    header = (path / _HEADER).read_text(errors="replace")
    missing = [name for name in FUNCTIONS if not re.search(rf"\b{name}\s*\(", header)]
    if missing:
        raise ToolError(
            f"the CMSIS-NN in {path} ({origin}) is too old: it lacks {', '.join(missing)}; version "
            "7 or newer is needed."
        )
    releases: list[str] = []
    for description in path.glob("*.pdsc"):
        releases = _RELEASE.findall(description.read_text(errors="replace"))
    version = releases[0] if releases and releases[0] != "0.0.0" else "unreleased"
    return CmsisNn(path, version, origin)


def library_sources(library: CmsisNn | None, kernels: Mapping[str, str]) -> Mapping[str, str]:
    """What those of `kernels` (name to C text) that are adapters need of CMSIS-NN, if it is used.

    Raises as `needed_sources` does.
    """
    adapters = {n: t for n, t in kernels.items() if n.endswith(("_cmsis_nn.c", "_cmsis_nn.h"))}
    return needed_sources(library, adapters) if library is not None and adapters else {}


def needed_sources(library: CmsisNn, adapters: Mapping[str, str]) -> dict[str, str]:
    """Path in the project to text of what `adapters` (name to C text) reach, licence included.

    Raises ToolError when the copy lacks a function's source.
    """
    files = {p.name: p for p in sorted((library.path / "Source").rglob("*.c"))}
    index = {name: path for path in files.values() for name in _defined(path)}
    tables = {name: path for path in files.values() for name in _TABLE.findall(_text(path))}
    called = {n for text in adapters.values() for n in _CALL.findall(text)}
    pending = sorted(called)
    result: dict[str, str] = {}
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        path = files.get(f"{name}.c") or index.get(name)
        if path is None:
            if name in called:
                raise ToolError(
                    f"{library} has no source of {name}; get a whole copy, and a newer one if that "
                    "function is not in it."
                )
            continue
        key = f"{_PROJECT_FOLDER}/{path.name}"
        if key not in result:
            result[key] = _text(path)
            pending += _CALL.findall(result[key])
            for name in set(re.findall(r"\w+", result[key])) & tables.keys():
                result[f"{_PROJECT_FOLDER}/{tables[name].name}"] = _text(tables[name])
    result |= _headers(library, result.values())
    licence = library.path / "LICENSE"
    if licence.is_file():
        result[f"{_PROJECT_FOLDER}/LICENSE"] = licence.read_text(errors="replace")
    return dict(sorted(result.items()))


def _defined(path: Path) -> list[str]:
    return _DEFINITION.findall(_text(path))


def _text(path: Path) -> str:
    return path.read_text(errors="replace")


def _headers(library: CmsisNn, texts: Iterable[str]) -> dict[str, str]:
    root = library.path / "Include"
    pending = ["arm_nnfunctions.h"]
    for text in list(texts):
        pending += _INCLUDE.findall(text)
    found: dict[str, str] = {}
    while pending:
        name = pending.pop()
        path = next((p for p in (root / name, root / "Internal" / name) if p.is_file()), None)
        if path is None:
            continue
        key = f"{_PROJECT_FOLDER}/Include/{path.relative_to(root).as_posix()}"
        if key not in found:
            found[key] = path.read_text(errors="replace")
            pending += _INCLUDE.findall(found[key])
    return found
