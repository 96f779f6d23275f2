"""Writing the C project: generated sources, the kernels in use, runtime, port, build files."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import qmcu
from qmcu.board import Board
from qmcu.codegen.model_source import model_sources, plan_kernels
from qmcu.codegen.templates import render
from qmcu.compile.plan import Plan
from qmcu.compile.serialization import plan_to_json
from qmcu.resources import firmware_directory

_LOCAL_INCLUDE = re.compile(r'^#include "([\w./]+)"', re.MULTILINE)


@dataclass(frozen=True)
class BuildFiles:
    """What the build templates need to know: identity and sources relative to the project."""

    name: str
    build_id: str
    model_sources: tuple[str, ...]
    kernel_sources: tuple[str, ...]
    runtime_sources: tuple[str, ...]
    port_sources: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """All C files, relative to the project directory."""
        return self.model_sources + self.kernel_sources + self.runtime_sources + self.port_sources


def generate_project(plan: Plan, board: Board, model: bytes, directory: Path) -> BuildFiles:
    """Write the project for `plan` on `board` into the existing `directory`.

    `model` is the .tflite file, kept beside the sources so that the folder can be tested on its
    own. The build id is the SHA-256 of everything that is compiled.
    """
    sources = project_sources(plan, board)
    build_id = _digest(sources, board)
    files = BuildFiles(
        name=plan.name,
        build_id=build_id,
        model_sources=_c_files(sources, "src/model"),
        kernel_sources=_c_files(sources, "src/kernels/"),
        runtime_sources=_c_files(sources, "src/runtime/"),
        port_sources=_c_files(sources, "src/port/"),
    )
    values = {"plan": plan, "board": board, "build": files}
    outputs: dict[str, bytes] = {name: text.encode() for name, text in sources.items()}
    outputs["src/board.h"] = render("board.h.j2", values).encode()
    for name in ("Makefile", "CMakeLists.txt", "board.ld"):
        outputs[name] = render(f"{name}.j2", values).encode()
    outputs["board.json"] = (json.dumps(board.to_dict(), indent=1) + "\n").encode()
    outputs["plan.json"] = plan_to_json(plan).encode()
    outputs["model.tflite"] = model
    for name, content in outputs.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return files


def project_sources(plan: Plan, board: Board) -> dict[str, str]:
    """Path in the project to text, for every source but those that carry the build id."""
    firmware = firmware_directory()
    sources = {f"src/{name}": text for name, text in model_sources(plan).items()}
    kernels = _with_headers(firmware / "kernels", plan_kernels(plan))
    sources |= {f"src/kernels/{p.name}": p.read_text() for p in kernels}
    runtime = sorted((firmware / "runtime").glob("*.[ch]"))
    sources |= {f"src/runtime/{p.name}": p.read_text() for p in runtime}
    sources |= {f"src/port/{p.name}": p.read_text() for p in board.port_files(firmware / "ports")}
    return dict(sorted(sources.items()))


def _with_headers(folder: Path, kernels: Iterable[str]) -> list[Path]:
    """The kernels' C files and every header that they include, directly or not."""
    pending = [folder / f"{kernel}.c" for kernel in kernels]
    found: set[Path] = set()
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending += [folder / name for name in _LOCAL_INCLUDE.findall(path.read_text())]
    return sorted(found)


def _c_files(sources: Mapping[str, str], prefix: str) -> tuple[str, ...]:
    return tuple(name for name in sources if name.startswith(prefix) and name.endswith(".c"))


def _digest(sources: Mapping[str, str], board: Board) -> str:
    digest = hashlib.sha256(f"qmcu {qmcu.__version__}\n".encode())
    digest.update(json.dumps(board.to_dict(), sort_keys=True).encode())
    for name, text in sources.items():
        digest.update(f"{name}\n{len(text)}\n{text}".encode())
    return digest.hexdigest()
