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
    compile_models,
    refuse_flat_image,
)  # fmt: skip
from qmcu.builder.several import CompiledModels, Several
from qmcu.codegen import generate_image
from qmcu.codegen.naming import DEFAULT, check_name, rename_library
from qmcu.codegen.places import Places
from qmcu.codegen.platformio import platformio_files
from qmcu.codegen.project import write_files
from qmcu.errors import UsageError
from qmcu.export.library import Library, make_library
from qmcu.export.several import make_library_of_several
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
    model: Path | Several,
    board: Board,
    targets: Sequence[tuple[str, Path]],
    options: BuildOptions = NATIVE,
    name: str = DEFAULT,
) -> None:
    """Write `model` for `board` into each folder of `targets` (one of KINDS, folder).

    `Several` models are in one. A library's names in C, its header, targets and layer begin with
    `name`. What `options.places` puts outside the chip has sections of its own, which the program's
    linker script places. The same input gives the same bytes. Raises ModelError,
    UnsupportedModelError, DoesNotFitError, BoardError, ToolError or UsageError.
    """
    for kind, _ in targets:
        if kind not in KINDS:
            raise UsageError(f"there is no export {kind!r}; take {', '.join(KINDS)}.")
        if kind not in _LIBRARIES and name != DEFAULT:
            raise UsageError(f"a whole firmware ({kind}) has no --name, only a library has.")
    check_name(name)
    if isinstance(model, Several) and name != DEFAULT:
        raise UsageError("the names of several models are their own; leave the library's name out.")
    if any(kind == "platformio" for kind, _ in targets):
        refuse_flat_image(options.places)
    compiled: Compiled | CompiledModels
    if isinstance(model, Several):
        compiled = compile_models(model, board, options)
    else:
        compiled = compile_model(model, board, options)
    library = None
    for kind, directory in targets:
        with replace_directory(directory, MARKER) as folder:
            if kind == "platformio":
                files = generate_image(
                    compiled.models, board, folder, compiled.library, places=options.places
                )
                write_files(folder, platformio_files(board, files))
            else:
                library = library or _library(compiled, board, options.places)
                write_files(folder, rename_library(_LIBRARIES[kind](library), name))
            write_files(folder, {MARKER: _marker(kind, compiled, board, name)})


def _library(compiled: Compiled | CompiledModels, board: Board, places: Places) -> Library:
    if isinstance(compiled, CompiledModels):
        return make_library_of_several(compiled, board, places)
    return make_library(compiled, board, places)


def _marker(kind: str, compiled: Compiled | CompiledModels, board: Board, name: str) -> str:
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
