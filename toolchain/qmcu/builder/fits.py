"""Which boards a model fits on: the smallest proved by a build, others by what they lack."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qmcu.board import Board
from qmcu.builder.budget import SMALLER_SETTINGS
from qmcu.builder.firmware import BuildOptions, build_firmware, compile_model, compile_plan
from qmcu.builder.room import plan_needs, possible_places
from qmcu.codegen.places import INTERNAL, Places
from qmcu.errors import DoesNotFitError, UnsupportedModelError
from qmcu.scratch import ScratchFolder
from qmcu.types import Count


@dataclass(frozen=True)
class Fit:
    """One board: `fits` with `flash` and `ram` bytes in use if it was `built`, or the `problem`.

    `optimize` is the first setting by which it fits, `place` holds the options of `qmcu build` by
    which alone it does, and `external_flash` and
    `external_ram` the bytes in use there.
    """

    board: str
    flash_size: Count
    ram_size: Count
    fits: bool
    built: bool
    flash: Count
    ram: Count
    problem: str
    place: str = ""
    external_flash: int = 0
    external_ram: int = 0
    optimize: str = "balanced"


@dataclass(frozen=True)
class Fits:
    """Which boards a model fits on: `smallest` names one, None when there is none.

    It is the first in whose own memories it fits, else the first with memory outside the chip.
    """

    __schema__ = "fits-1"

    model: str
    smallest: str | None
    boards: tuple[Fit, ...]


def fitting_boards(
    model: Path, boards: Sequence[Board], progress: Callable[[int, int], None] | None = None
) -> tuple[Fit, ...]:
    """Every board from the smallest memories (RAM and flash together) to the largest.

    Boards are built for in that order until one fits; for larger ones the model is compiled, and
    its constants, arena and stack compared with the memories. Where it does not fit, memories
    outside the chip are tried; those are built for as long as nothing fits inside. Raises
    ModelError, ToolError, or UnsupportedModelError when no board can run it.
    """
    tell = progress or (lambda done, total: None)
    ordered = sorted(boards, key=lambda b: (b.flash.size + b.ram.size, b.name))
    found: list[Fit] = []
    for number, board in enumerate(ordered):
        tell(number, len(ordered))
        found.append(_fit(model, board, build=not any(f.fits for f in found)))
    for i, board in enumerate(ordered):
        if not found[i].fits and board.external:
            found[i] = _fit_outside(model, board, found[i], build=not any(f.fits for f in found))
    tell(len(ordered), len(ordered))
    return tuple(found)


def smallest_fit(fits: Sequence[Fit]) -> Fit | None:
    """The first in whose own memories the model fits, else the first where it fits at all."""
    fitting = [fit for fit in fits if fit.fits]
    return next((f for f in fitting if not f.place), fitting[0] if fitting else None)


def _fit_outside(model: Path, board: Board, inside: Fit, *, build: bool) -> Fit:
    """The fit by the fewest places outside the chip; `inside` where there is none."""
    plan = compile_plan(model, board)
    for places in possible_places(plan, board):
        fit = _fit(model, board, places, build=build)
        if fit.fits:
            return fit
    return inside


def _fit(model: Path, board: Board, places: Places = INTERNAL, *, build: bool) -> Fit:
    """The fit by the first setting that has room, else the first one's problem."""
    tried = []
    for optimize in SMALLER_SETTINGS:
        options = BuildOptions(optimize=optimize, places=places)
        tried.append(replace(_fit_by(options, model, board, build=build), optimize=optimize))
        if tried[-1].fits:
            return tried[-1]
    return tried[0]


def _fit_by(options: BuildOptions, model: Path, board: Board, *, build: bool) -> Fit:
    sizes, places = (board.name, board.flash.size, board.ram.size), options.places
    try:
        if not build:
            plan = compile_model(model, board, options).plan
            needs = {need.memory: need.size for need in plan_needs(plan, board, places)}
            return _fit_of(sizes, needs, places, built=False)
        with ScratchFolder("fits") as folder:
            report = build_firmware(model, board, Path(folder) / "firmware", options)
        return _fit_of(sizes, {r.kind: r.used for r in report.regions}, places, built=True)
    except UnsupportedModelError:
        raise
    except DoesNotFitError as error:
        return Fit(*sizes, False, build, 0, 0, error.shortage)


def _fit_of(
    sizes: tuple[str, int, int], used: Mapping[str, int], places: Places, *, built: bool
) -> Fit:
    outside = used.get("external flash", 0), used.get("external RAM", 0)
    return Fit(*sizes, True, built, used["flash"], used["RAM"], "", str(places), *outside)
