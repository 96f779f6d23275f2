"""shelf.toml: the boards of a machine that runs hardware-in-the-loop jobs.

[[board]]
name = "disco-left"          # unique
board = "stm32f746"          # what it is (`qmcu boards`)
target = "serial:/dev/serial/by-id/usb-STMicroelectronics_STLINK-V3_0669-if02"
flash = "qmcu flash $QMCU_FIRMWARE --probe 0669 --port auto"   # optional
power_cycle = "uhubctl -l 1-1 -p 2 -a cycle"                   # optional
settle_s = 2.0               # optional: seconds from power to readiness
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qmcu.board import load_board
from qmcu.device.targets import EMULATORS, check_target
from qmcu.errors import QmcuError, UsageError
from qmcu.files import read_toml

_TEXTS = ("name", "board", "target", "flash", "power_cycle")
_REQUIRED = ("name", "board", "target")


@dataclass(frozen=True)
class ShelfBoard:
    """One board of a shelf: its name, what it is, and how it is reached.

    `flash` and `power_cycle` are shell commands, empty where there is none; `settle_s` is how many
    seconds after them the board is ready.
    """

    name: str
    board: str
    target: str
    flash: str = ""
    power_cycle: str = ""
    settle_s: float = 1.0

    def __str__(self) -> str:
        return f"{self.name} ({self.board} at {self.target})"


def load_shelf(path: Path) -> tuple[ShelfBoard, ...]:
    """The boards of a shelf file. Raises UsageError, naming board and key, when it is wrong."""
    document = read_toml(path)
    entries = document.pop("board", [])
    if document or not isinstance(entries, list) or not entries:
        raise UsageError(f"the shelf {path} must hold [[board]] tables and nothing else.")
    boards = tuple(_board(f"{path}, board {i}", e) for i, e in enumerate(entries, 1))
    for attribute in ("name", "target"):
        values = [getattr(board, attribute) for board in boards]
        twice = sorted({v for v in values if values.count(v) > 1 and v not in EMULATORS})
        if twice:
            raise UsageError(f"{path}: the {attribute} {twice[0]!r} is there more than once.")
    return boards


def matching(boards: Sequence[ShelfBoard], wanted: str | None) -> tuple[ShelfBoard, ...]:
    """The boards of this name, else of this kind, else (for None) all.

    Raises UsageError, listing what there is, when none is.
    """
    if wanted is None:
        return tuple(boards)
    found = [b for b in boards if b.name == wanted] or [b for b in boards if b.board == wanted]
    if not found:
        raise UsageError(f"the shelf has no {wanted!r}; it has {', '.join(map(str, boards))}.")
    return tuple(found)


def _board(place: str, entry: Any) -> ShelfBoard:
    if not isinstance(entry, Mapping):
        raise UsageError(f"{place} is no table.")
    for key, value in entry.items():
        _check(place, key, value)
    missing = [key for key in _REQUIRED if key not in entry]
    if missing:
        raise UsageError(f"{place} lacks {' and '.join(missing)}.")
    try:
        load_board(entry["board"])
        check_target(entry["target"])
    except QmcuError as error:
        raise UsageError(f"{place}: {error}") from error
    return ShelfBoard(**{**entry, "settle_s": float(entry.get("settle_s", 1.0))})


def _check(place: str, key: str, value: Any) -> None:
    known = (*_TEXTS, "settle_s")
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(known)}."
        raise UsageError(f"{place} has an unknown key {key}; {hint}")
    if key in _TEXTS:
        if not isinstance(value, str) or not value:
            raise UsageError(f"{place}: {key} must be a text in quotes, not {value!r}.")
    elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 600:
        raise UsageError(f"{place}: settle_s must be 0 to 600 seconds, not {value!r}.")
