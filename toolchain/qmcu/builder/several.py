"""Several models in one image: their names, what such an image cannot have, a folder for each."""

import re
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

import qmcu
from qmcu import documents
from qmcu.builder.cmsis_nn import CmsisNn, library_sources
from qmcu.builder.memory import MemoryReport, memory_of_model
from qmcu.codegen.models import Models
from qmcu.codegen.naming import check_name, is_name
from qmcu.codegen.project import kernel_objects
from qmcu.compile.plan import Plan
from qmcu.errors import UsageError
from qmcu.files import BUILD_MARKER, MODELS_FILE, MODELS_FOLDER

FORMAT = 1
# What a request's byte can name, less what no image comes near.
_MOST = 32
Arenas = Literal["shared", "own"]


@dataclass(frozen=True)
class Several:
    """Models for one image, each by its name in C and its file, in the order of their numbers."""

    models: tuple[tuple[str, Path], ...]
    arenas: Arenas = "shared"


@dataclass(frozen=True)
class ModelList:
    """The models of a firmware directory: their names in order, and whose the arena is."""

    arenas: Arenas
    models: tuple[str, ...]


@dataclass(frozen=True)
class CompiledModels:
    """Models compiled for a board, and CMSIS-NN where their kernels use it."""

    models: Models
    cmsis_nn: CmsisNn | None

    @property
    def plan(self) -> Plan:
        """What all need together."""
        return self.models.whole

    def named(self, optimize: str, flags: str) -> Self:
        """The same as what `optimize` makes, compiled with the options of `flags`."""
        plans = tuple(replace(plan, optimize=optimize) for plan in self.models.plans)
        return replace(self, models=replace(self.models, plans=plans, flags=flags))

    def library(self, own: Mapping[str, str]) -> Mapping[str, str]:
        """What the kernels among `own` (name to C text) that are adapters need of CMSIS-NN."""
        return library_sources(self.cmsis_nn, own)


def name_models(
    paths: Sequence[Path], names: str | None = None, arenas: Arenas = "shared"
) -> Several:
    """The models of `paths` under `names` (comma-separated), else under those of their files.

    Raises UsageError for names that cannot be, that are given twice or that are too few.
    """
    if len(paths) > _MOST:
        raise UsageError(f"{len(paths)} models are too many for one image; it takes {_MOST}.")
    if names is None:
        chosen = [_name_of(path) for path in paths]
    else:
        chosen = [name.strip() for name in names.split(",")]
        if len(chosen) != len(paths):
            raise UsageError(
                f"--name {names} names {len(chosen)} models, and {len(paths)} are given; name each "
                "once, in their order."
            )
    for name in chosen:
        check_name(name, "model")
        if name.startswith("qmcu"):
            raise UsageError(f"{name!r} cannot be a model's name: what is qmcu's own begins so.")
    twice = [name for name, count in Counter(chosen).items() if count > 1]
    if twice:
        raise UsageError(f"two models would be called {twice[0]}; tell them apart with --name A,B.")
    return Several(tuple(zip(chosen, paths, strict=True)), arenas)


def _name_of(path: Path) -> str:
    """A file's name as one in C: kws-int8.tflite is kws_int8, model.tflite nn_model."""
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")
    plain = is_name(name[:31]) and not name.startswith("qmcu")
    return (name if plain else f"nn_{name}")[:31].rstrip("_")


def default_folder(source: Path | Several, board: str) -> Path:
    """Where firmware is put when nobody says where: build/MODEL-BOARD."""
    if isinstance(source, Several):
        stem = "-".join(name for name, _ in source.models)
    else:
        stem = source.stem
    return Path("build") / f"{stem}-{board}"


def refuse_alone_only(protocol: str, monitor: Path | None) -> None:
    """Raise UsageError for what only an image of one model can have."""
    if protocol != "qmcu":
        raise UsageError(
            f"the runner of {protocol} knows one model; build the one that it is for alone."
        )
    if monitor is not None:
        raise UsageError(f"{monitor} holds limits of one model; build it alone to watch it.")


def write_parts(folder: Path, models: Models, report: MemoryReport) -> None:
    """Write the list of the models, and for each what makes its folder a firmware directory."""
    arenas: Arenas = "own" if models.own_arenas else "shared"
    names = tuple(plan.name for plan in models.plans)
    listed = ModelList(arenas, names)
    (folder / MODELS_FILE).write_text(documents.indented(listed, format=FORMAT))
    for plan in models.plans:
        part = folder / MODELS_FOLDER / plan.name
        others = frozenset(names) - {plan.name}
        own = memory_of_model(report, plan, others, kernel_objects(plan))
        text = documents.indented(own, format=FORMAT, qmcu=qmcu.__version__)
        (part / BUILD_MARKER).write_text(text)
        shutil.copy2(folder / "board.json", part)


def models_of(directory: Path) -> tuple[str, ...]:
    """The names of the models of a firmware directory of several, in order; else nothing.

    Raises UsageError when their list is damaged.
    """
    path = directory / MODELS_FILE
    if not path.is_file():
        return ()
    what = "list of models"
    return documents.load(path, ModelList, what, version=FORMAT, check=_check_names).models


def _check_names(listed: ModelList) -> None:
    """Names become parts of paths and of messages. Raises ValueError."""
    for name in listed.models:
        if not is_name(name):
            raise ValueError(f"{name!r} cannot be the name of a model")
