"""Which boards a model fits on: the smallest proved by a build, others by what they lack."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from qmcu.board import Board
from qmcu.build.firmware import build_firmware, compile_model
from qmcu.errors import DoesNotFitError, UnsupportedModelError
from qmcu.types import Count


@dataclass(frozen=True)
class Fit:
    """One board: `fits` with `flash` and `ram` bytes in use if it was `built`, or the `problem`."""

    board: str
    flash_size: Count
    ram_size: Count
    fits: bool
    built: bool
    flash: Count
    ram: Count
    problem: str


@dataclass(frozen=True)
class Fits:
    """Which boards a model fits on: `smallest` names the first, None when there is none."""

    __schema__ = "fits-1"

    model: str
    smallest: str | None
    boards: tuple[Fit, ...]


def fitting_boards(
    model: Path, boards: Sequence[Board], progress: Callable[[int, int], None] | None = None
) -> tuple[Fit, ...]:
    """Every board from the smallest memories (RAM and flash together) to the largest.

    Boards are built for in that order until one fits; for larger ones the model is compiled, and
    its constants, arena and stack compared with the memories. Raises ModelError, ToolError, or
    UnsupportedModelError when no board can run it.
    """
    tell = progress or (lambda done, total: None)
    ordered = sorted(boards, key=lambda b: (b.flash.size + b.ram.size, b.name))
    found: list[Fit] = []
    for number, board in enumerate(ordered):
        tell(number, len(ordered))
        found.append(_fit(model, board, build=not any(f.fits for f in found)))
    tell(len(ordered), len(ordered))
    return tuple(found)


def _fit(model: Path, board: Board, *, build: bool) -> Fit:
    sizes = board.name, board.flash.size, board.ram.size
    try:
        if not build:
            plan = compile_model(model, board).plan
            constants = sum(call.constant_size for call in plan.calls)
            ram = plan.arena_size + plan.state_size + board.stack_size
            return Fit(*sizes, True, False, constants, ram, "")
        with tempfile.TemporaryDirectory(prefix="qmcu-fits-") as folder:
            report = build_firmware(model, board, Path(folder) / "firmware")
        return Fit(*sizes, True, True, report.used("flash"), report.used("RAM"), "")
    except UnsupportedModelError:
        raise
    except DoesNotFitError as error:
        return Fit(*sizes, False, build, 0, 0, error.shortage)
