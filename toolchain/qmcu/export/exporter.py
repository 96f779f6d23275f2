"""Writing the folders, each whole or not at all."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import qmcu
from qmcu.board import Board
from qmcu.builder.firmware import (
    NATIVE,
    BuildOptions,
    Compiled,
    compile_model,
    refuse_flat_image,
)  # fmt: skip
from qmcu.codegen import generate_project
from qmcu.codegen.naming import DEFAULT, check_name, rename_library
from qmcu.codegen.platformio import platformio_files
from qmcu.codegen.project import write_files
from qmcu.errors import UsageError
from qmcu.export.library import Library, make_library
from qmcu.export.systems import arduino_files, cmake_files, csolution_files, zephyr_files
from qmcu.files import replace_directory

# In every exported folder: what it is, and that it may be replaced.
MARKER = "qmcu-export.json"
_LIBRARIES: dict[str, Callable[[Library], Mapping[str, str]]] = {
    "cmake": cmake_files,
    "zephyr": zephyr_files,
    "cmsis-toolbox": csolution_files,
    "arduino": arduino_files,
}
KINDS = ("platformio", *_LIBRARIES)


def export_model(
    model: Path,
    board: Board,
    targets: Sequence[tuple[str, Path]],
    options: BuildOptions = NATIVE,
    name: str = DEFAULT,
) -> None:
    """Write `model` for `board` into each folder of `targets` (one of KINDS, folder).

    A library's names in C, its header, targets and layer begin with `name`. What `options.places`
    puts outside the chip has sections of its own, which the program's linker script places. The
    same input gives the same bytes. Raises ModelError, UnsupportedModelError, DoesNotFitError,
    BoardError, ToolError or UsageError.
    """
    for kind, _ in targets:
        if kind not in KINDS:
            raise UsageError(f"there is no export {kind!r}; take {', '.join(KINDS)}.")
        if kind not in _LIBRARIES and name != DEFAULT:
            raise UsageError(f"a whole firmware ({kind}) has no --name, only a library has.")
    check_name(name)
    if any(kind == "platformio" for kind, _ in targets):
        refuse_flat_image(options.places)
    compiled = compile_model(model, board, options)
    library = None
    for kind, directory in targets:
        with replace_directory(directory, MARKER) as folder:
            if kind == "platformio":
                files = generate_project(
                    compiled.plan, board, compiled.content, folder, compiled.library,
                    places=options.places,
                )  # fmt: skip
                write_files(folder, platformio_files(board, files))
            else:
                library = library or make_library(compiled, board, options.places)
                write_files(folder, rename_library(_LIBRARIES[kind](library), name))
            write_files(folder, {MARKER: _marker(kind, compiled, board, name)})


def _marker(kind: str, compiled: Compiled, board: Board, name: str) -> str:
    document = {
        "format": 1,
        "qmcu": qmcu.__version__,
        "kind": kind,
        "name": name,
        "model": compiled.plan.name,
        "model_sha256": compiled.plan.model_sha256,
        "board": board.name,
        "kernels": compiled.plan.kernels,
        "optimize": compiled.plan.optimize,
    }
    return json.dumps(document, indent=1) + "\n"
