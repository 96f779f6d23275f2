"""qmcu.toml: the model, board and vectors of a project folder, so that commands need no arguments.

model = "digits.tflite"
board = "stm32f746"
vectors = "digits.npz"      # optional
kernels = "native"          # optional
operators = ["my_op.toml"]  # optional: custom operators
place = ["weights=external"]  # optional: what lies in memories outside the chip

Of several models in one image `models`, a list, stands in place of `model`; `names` (a list) and
`arenas` ("shared" or "own") are what `qmcu build --name` and `--arenas` take.
"""

import difflib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qmcu.errors import UsageError
from qmcu.files import read_toml, write_atomic
from qmcu.text import printable

FILE_NAME = "qmcu.toml"
_LISTS = ("models", "names", "operators", "place")
_KEYS = ("model", "board", "vectors", "kernels", "arenas", *_LISTS)


@dataclass(frozen=True)
class Project:
    """What qmcu.toml says; paths are relative to its folder until `resolve` is called.

    `names` and `arenas` are of several `models`, of which vectors are none.
    """

    models: tuple[Path, ...]
    board: str
    vectors: Path | None = None
    kernels: str = "native"
    operators: tuple[Path, ...] = ()
    place: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    arenas: str | None = None

    def resolve(self, folder: Path) -> "Project":
        """The same with paths joined to `folder`."""
        vectors = folder / self.vectors if self.vectors else None
        operators = tuple(folder / path for path in self.operators)
        models = tuple(folder / path for path in self.models)
        return replace(self, models=models, vectors=vectors, operators=operators)


def project_firmware() -> Path:
    """The folder that `qmcu build` makes of ./qmcu.toml. Raises UsageError without such a file."""
    from qmcu.builder.several import default_folder, name_models  # slow, and not always needed

    project = load_project(Path())
    if project is None:
        raise UsageError(
            "no DIRECTORY given and there is no qmcu.toml here; name the folder that `qmcu build` "
            "made, or run `qmcu init` first."
        )
    if len(project.models) == 1:
        return default_folder(project.models[0], project.board)
    several = name_models(project.models, ",".join(project.names) or None)
    return default_folder(several, project.board)


def load_project(folder: Path) -> Project | None:
    """Read `folder`/qmcu.toml, paths resolved; None when there is no such file.

    Raises UsageError, naming the key, when the file is wrong.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return None
    document = read_toml(path)
    for key, value in document.items():
        _check(path, key, value)
    models = _models(path, document)
    if "board" not in document:
        raise UsageError(f'{path} does not name the board; add a line board = "...".')
    vectors = Path(document["vectors"]) if "vectors" in document else None
    project = Project(
        models=models,
        board=document["board"],
        vectors=vectors,
        kernels=document.get("kernels", "native"),
        operators=tuple(map(Path, document.get("operators", ()))),
        place=tuple(document.get("place", ())),
        names=tuple(document.get("names", ())),
        arenas=document.get("arenas"),
    )
    return project.resolve(folder)


def _models(path: Path, document: dict[str, Any]) -> tuple[Path, ...]:
    """The model, or all of several. Raises UsageError for keys that exclude each other."""
    if "models" not in document:
        if "model" not in document:
            raise UsageError(f'{path} does not name the model; add a line model = "...".')
        alone = [key for key in ("names", "arenas") if key in document]
        if alone:
            raise UsageError(f"{path}: {alone[0]} is of several models; list them as models.")
        return (Path(document["model"]),)
    if "model" in document:
        raise UsageError(f"{path} has model and models; leave one of them out.")
    if "vectors" in document:
        raise UsageError(f"{path}: vectors are of one model, and it lists several.")
    if len(document["models"]) < 2:
        raise UsageError(f"{path}: models lists several; one alone is model.")
    return tuple(map(Path, document["models"]))


def write_project(folder: Path, project: Project, *, force: bool = False) -> Path:
    """Write `folder`/qmcu.toml and return its path.

    Raises UsageError when the file exists and `force` is False.
    """
    import tomli_w

    path = folder / FILE_NAME
    if path.exists() and not force:
        raise UsageError(f"{path} exists already; use --force to replace it.")
    document = {
        "model": str(project.models[0]) if len(project.models) == 1 else None,
        "models": list(map(str, project.models)) if len(project.models) > 1 else None,
        "board": project.board,
        "vectors": str(project.vectors) if project.vectors else None,
        "kernels": project.kernels,
        "names": list(project.names) or None,
        "arenas": project.arenas,
    }
    write_atomic(path, tomli_w.dumps({k: v for k, v in document.items() if v is not None}))
    return path


def _check(path: Path, key: str, value: Any) -> None:
    if key not in _KEYS:
        near = difflib.get_close_matches(key, _KEYS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(_KEYS)}."
        raise UsageError(f"{path} has an unknown key {key}; {hint}")
    if key == "arenas" and value not in ("shared", "own"):
        raise UsageError(f'{path}: arenas is "shared" or "own", not {printable(repr(value))}.')
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise UsageError(
                f"{path}: {key} must be a list of texts in quotes, not {printable(repr(value))}."
            )
        if key == "names" and any("," in name for name in value):
            raise UsageError(f"{path}: names lists each name by itself, without commas.")
        return
    if not isinstance(value, str) or not value:
        raise UsageError(f"{path}: {key} must be a text in quotes, not {printable(repr(value))}.")
