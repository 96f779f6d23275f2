"""A shelf's commands: flashing and power-cycling."""

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from qmcu.errors import ToolError
from qmcu.shelf.child import run_group
from qmcu.shelf.description import ShelfBoard

LONGEST_S = 300.0


def environment(board: ShelfBoard, firmware: Path | None = None) -> dict[str, str]:
    """What a command is told: QMCU_NAME, QMCU_BOARD, QMCU_TARGET, QMCU_PORT, QMCU_FIRMWARE."""
    told = {
        "QMCU_NAME": board.name,
        "QMCU_BOARD": board.board,
        "QMCU_TARGET": board.target,
        "QMCU_PORT": board.target.partition(":")[2],
    }
    if firmware is not None:
        told["QMCU_FIRMWARE"] = str(firmware.absolute())
    return told


def flash_board(board: ShelfBoard, firmware: Path) -> None:
    """Put the image in the directory `firmware` on `board`. Raises ToolError when it fails."""
    _run(board, "flash", board.flash, environment(board, firmware))


def power_cycle(board: ShelfBoard) -> None:
    """Take the power from `board` and give it back. Raises ToolError when it fails."""
    _run(board, "power_cycle", board.power_cycle, environment(board))


def _run(board: ShelfBoard, what: str, command: str, told: Mapping[str, str]) -> None:
    if not command:
        raise ToolError(f"the shelf has no {what} command for {board.name}; add one.")
    try:
        code, output = run_group(command, {**os.environ, **told}, quiet_for_s=LONGEST_S)
    except subprocess.TimeoutExpired as error:
        raise ToolError(
            f"the {what} command of {board.name} did not end within {LONGEST_S:g} s: {command}"
        ) from error
    if code:
        lines = output.decode("utf-8", "replace").strip().splitlines()
        last = f": {lines[-1]}" if lines else ""
        raise ToolError(
            f"the {what} command of {board.name} ended with status {code}{last} ({command})."
        )
    time.sleep(board.settle_s)
