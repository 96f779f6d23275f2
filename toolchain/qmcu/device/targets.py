"""From a firmware directory and a target's name to an open session."""

import json
from pathlib import Path

from qmcu.board import Board
from qmcu.compile.serialization import load_plan
from qmcu.device.image import Image, read_image
from qmcu.device.link import Link
from qmcu.device.qemu import QemuLink, QemuMachine
from qmcu.device.session import Session
from qmcu.device.unicorn import Machine, Region, UnicornLink
from qmcu.errors import DeviceError, UsageError

TARGETS = ("unicorn", "qemu")
ANSWER_LIMIT_S = 60.0


def open_session(
    target: str, build_directory: Path, *, timeout_s: float = ANSWER_LIMIT_S
) -> Session:
    """Start the image of `build_directory` on `target`, one of TARGETS, and say HELLO.

    `timeout_s` bounds the wait for an answer. Raises UsageError when the directory is no build or
    the target is unknown, DeviceError when the board has no such emulator or what runs is not
    this build, ToolError when the emulator is missing.
    """
    if target not in TARGETS:
        raise UsageError(f"there is no target {target!r}; take {' or '.join(TARGETS)}.")
    board = _load_board(build_directory)
    refuse_missing_emulator(board, target)
    plan = load_plan(build_directory / "plan.json")
    image = read_image(build_directory / "firmware.elf")
    return Session(
        _link(target, image, board, timeout_s),
        model_sha256=plan.model_sha256,
        build_id=image.build_id,
        timeout_s=timeout_s,
    )


def refuse_missing_emulator(board: Board, target: str) -> None:
    """Raise DeviceError, naming what there is, when `board` has no emulator `target`."""
    if target in board.emulators:
        return
    there = " and ".join(board.emulators)
    hint = f"take {there}" if there else "build for a board that has one (`qmcu boards`)"
    raise DeviceError(f"{board.name} does not run on {target}; {hint}.")


def unicorn_machine(board: Board) -> Machine:
    """What the in-process emulator must know of `board`. Raises DeviceError for other UARTs."""
    if not board.uart.driver.startswith("stm32-usart"):
        raise DeviceError(f"{board.name}: unicorn has no model of the UART {board.uart.driver}.")
    return Machine(
        core=board.core.cpu,
        family=board.family,
        flash=(Region(board.flash.start, board.flash.size),),
        ram=(Region(board.ram.start, board.ram.size),),
        uart_version=board.uart.version,
        uart_base=board.uart.base,
    )


def _link(target: str, image: Image, board: Board, timeout_s: float) -> Link:
    if target == "unicorn":
        return UnicornLink(image, unicorn_machine(board), timeout_s)
    return QemuLink(image, QemuMachine(board.qemu or "", board.clock_hz))


def _load_board(directory: Path) -> Board:
    path = directory / "board.json"
    try:
        return Board.from_dict(json.loads(path.read_text()))
    except OSError as error:
        raise UsageError(
            f"{directory} is no firmware directory ({path.name}: {error.strerror}); "
            "`qmcu build` makes one."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is damaged; build again.") from error
