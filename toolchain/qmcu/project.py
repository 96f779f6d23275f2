"""qmcu.toml: the model, board and vectors of a project folder, so that commands need no arguments.

model = "digits.tflite"
board = "stm32f746"
vectors = "digits.npz"      # optional
kernels = "native"          # optional
operators = ["my_op.toml"]  # optional: custom operators
place = ["weights=external"]  # optional: what lies in memories outside the chip
"""

import difflib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qmcu.errors import UsageError
from qmcu.files import read_toml, write_atomic

FILE_NAME = "qmcu.toml"
_KEYS = ("model", "board", "vectors", "kernels", "operators", "place")
_LISTS = ("operators", "place")


@dataclass(frozen=True)
class Project:
    """What qmcu.toml says; paths are relative to its folder until `resolve` is called."""

    model: Path
    board: str
    vectors: Path | None = None
    kernels: str = "native"
    operators: tuple[Path, ...] = ()
    place: tuple[str, ...] = ()

    def resolve(self, folder: Path) -> "Project":
        """The same with paths joined to `folder`."""
        vectors = folder / self.vectors if self.vectors else None
        operators = tuple(folder / path for path in self.operators)
        return replace(self, model=folder / self.model, vectors=vectors, operators=operators)


def project_firmware() -> Path:
    """The folder that `qmcu build` makes of ./qmcu.toml. Raises UsageError without such a file."""
    project = load_project(Path())
    if project is None:
        raise UsageError(
            "no DIRECTORY given and there is no qmcu.toml here; name the folder that `qmcu build` "
            "made, or run `qmcu init` first."
        )
    return Path("build") / f"{project.model.stem}-{project.board}"


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
    for key in ("model", "board"):
        if key not in document:
            raise UsageError(f'{path} does not name the {key}; add a line {key} = "...".')
    vectors = Path(document["vectors"]) if "vectors" in document else None
    project = Project(
        model=Path(document["model"]),
        board=document["board"],
        vectors=vectors,
        kernels=document.get("kernels", "native"),
        operators=tuple(map(Path, document.get("operators", ()))),
        place=tuple(document.get("place", ())),
    )
    return project.resolve(folder)


def write_project(folder: Path, project: Project, *, force: bool = False) -> Path:
    """Write `folder`/qmcu.toml and return its path.

    Raises UsageError when the file exists and `force` is False.
    """
    import tomli_w

    path = folder / FILE_NAME
    if path.exists() and not force:
        raise UsageError(f"{path} exists already; use --force to replace it.")
    document = {
        "model": str(project.model),
        "board": project.board,
        "vectors": str(project.vectors) if project.vectors else None,
        "kernels": project.kernels,
    }
    write_atomic(path, tomli_w.dumps({k: v for k, v in document.items() if v is not None}))
    return path


def _check(path: Path, key: str, value: Any) -> None:
    if key not in _KEYS:
        near = difflib.get_close_matches(key, _KEYS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(_KEYS)}."
        raise UsageError(f"{path} has an unknown key {key}; {hint}")
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise UsageError(f"{path}: {key} must be a list of texts in quotes, not {value!r}.")
        return
    if not isinstance(value, str) or not value:
        raise UsageError(f"{path}: {key} must be a text in quotes, not {value!r}.")
