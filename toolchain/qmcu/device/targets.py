"""From a firmware directory and a target's name to an open session."""

import contextlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from qmcu.board import Board
from qmcu.compile.serialization import load_plan
from qmcu.device import labgrid_place
from qmcu.device.image import Image, read_image
from qmcu.device.link import Link
from qmcu.device.ports import PREFIX, find_port, parse_port
from qmcu.device.qemu import QemuLink, QemuMachine, find_qemu
from qmcu.device.renode import RenodeLink
from qmcu.device.renode_program import find_renode
from qmcu.device.serial_link import SerialLink
from qmcu.device.serial_session import SerialSession
from qmcu.device.session import Session
from qmcu.device.uarts import UARTS
from qmcu.device.unicorn import Machine, Region, UnicornLink
from qmcu.errors import DeviceError, QmcuError, UsageError
from qmcu.firmware import Firmware

EMULATORS = ("unicorn", "qemu", "renode")
TARGETS = (*EMULATORS, "serial:PORT", "serial:auto", "labgrid:PLACE")
ANSWER_LIMIT_S = 60.0
# What an emulator may take for the first answer, on a machine that does other things too.
_OPEN_S, _OPEN_S_PER_BYTE = 10.0, 2e-5


def open_session(target: str, firmware: Firmware, *, timeout_s: float = ANSWER_LIMIT_S) -> Session:
    """Start the image of `firmware` on `target` and say HELLO.

    `target` is one of EMULATORS, or `serial:...` (see `parse_port`) or `labgrid:PLACE` for a board
    that already runs the image. `timeout_s` bounds the wait for an answer. Raises UsageError when
    the directory is no build or the target is unknown, DeviceError when the board has no such
    emulator, the port cannot be opened or what runs is not this build, ToolError when the emulator
    is missing.
    """
    check_target(target)
    board, image = firmware.board, firmware.image
    options: dict[str, Any] = {
        **about_model(firmware),
        "build_id": image.build_id,
        "image_sha256": image.sha256,
        "timeout_s": timeout_s,
        "known_as": partial(_builds_of_model, firmware.directory),
        "access": firmware.access,
    }
    if is_serial(target):
        return _serial_session(target, board, image, options)
    refuse_missing_emulator(board, target)
    # It hashes its image before it answers.
    options["open_timeout_s"] = _OPEN_S + _OPEN_S_PER_BYTE * sum(
        len(s.data) for s in image.segments
    )
    return Session(_link(target, image, board, timeout_s), **options)


def about_model(firmware: Firmware) -> dict[str, Any]:
    """What a session must know of the model that it speaks with."""
    plan = firmware.plan
    return {
        "model": firmware.number,
        "model_sha256": plan.model_sha256,
        "input_types": [t.dtype for t in map(plan.tensor, plan.inputs)],
        "keeps_state": bool(plan.states),
    }


def is_serial(target: str) -> bool:
    """Whether `target` is a board on a serial port, of which there is only one."""
    return target.startswith((PREFIX, labgrid_place.PREFIX))


def default_target(board: Board) -> str:
    """The board's first emulator, else the board itself on the port that its USB ids tell."""
    return board.emulators[0] if board.emulators else f"{PREFIX}auto"


def check_target(target: str) -> None:
    """Raise UsageError, naming what there is, when `target` is none."""
    if target.startswith(labgrid_place.PREFIX):
        labgrid_place.place_of(target)
    elif is_serial(target):
        parse_port(target)
    elif target not in EMULATORS:
        hint = f" For a board on a port: {PREFIX}{target}." if _looks_like_port(target) else ""
        raise UsageError(f"there is no target {target!r}; take {', '.join(TARGETS)}.{hint}")


def _looks_like_port(target: str) -> bool:
    return target == "auto" or "://" in target or target.upper().startswith(("/DEV/", "COM"))


def _serial_session(
    target: str, board: Board, image: Image, options: dict[str, Any]
) -> SerialSession:
    if target.startswith(labgrid_place.PREFIX):
        target = PREFIX + labgrid_place.place_port(labgrid_place.place_of(target))
    name = parse_port(target)

    def find() -> str:
        return name.port or find_port(board, name.usb_serial).device

    fastest = board.serial.fastest if name.limit is None else name.limit
    link = SerialLink(find, board.uart.baud, image=image)
    return SerialSession(link, fastest=fastest if name.has_rate else 0, **options)


def _builds_of_model(directory: Path, model_sha256: str) -> str:
    """In words, the firmware directories beside this one that hold the model."""
    folders = []
    for path in sorted(directory.absolute().parent.glob("*/plan.json")):
        with contextlib.suppress(QmcuError):
            if load_plan(path).model_sha256 == model_sha256:
                folders.append(str(path.parent))
    return f" (that of {' and '.join(folders)})" if folders else ""


def open_link(target: str, firmware: Firmware, *, timeout_s: float = ANSWER_LIMIT_S) -> Link:
    """Start the image of `firmware` on an emulator and say nothing to it.

    As a board does, it runs what is there, whatever the directory's report says. Raises as
    `open_session` does.
    """
    if target not in EMULATORS:
        raise UsageError(f"there is no emulator {target!r}; take {' or '.join(EMULATORS)}.")
    refuse_missing_emulator(firmware.board, target)
    return _link(target, read_image(firmware.elf), firmware.board, timeout_s)


def refuse_missing_emulator(board: Board, target: str) -> None:
    """Raise DeviceError, naming what there is, when `board` has no emulator `target`."""
    if target in board.emulators:
        return
    there = " and ".join(board.emulators)
    if board.external and target in EMULATORS:
        raise DeviceError(
            f"the firmware uses external memory of {board.name}, which {target} does not have; "
            f"take {there or 'a build without --place'}."
        )
    hint = f"take {there}" if there else f"{board.not_emulated}"
    raise DeviceError(f"{board.name} does not run on {target}; {hint}.")


def require_emulator(board: Board, target: str) -> None:
    """Before anything long begins: raise DeviceError as above, ToolError when it is not here."""
    # The board as it comes: what a firmware places outside the chip is asked of the firmware.
    refuse_missing_emulator(replace(board, external=()), target)
    if target == "qemu":
        find_qemu()
    elif target == "renode":
        find_renode()


def unicorn_machine(board: Board) -> Machine:
    """What the in-process emulator must know of `board`. Raises DeviceError for other UARTs."""
    if board.uart.driver not in UARTS:
        raise DeviceError(f"{board.name}: unicorn has no model of the UART {board.uart.driver}.")
    return Machine(
        core=board.core.cpu,
        family=board.family,
        flash=tuple(Region(m.start, m.size) for m in (board.flash, board.external_flash) if m),
        ram=tuple(Region(m.start, m.size) for m in (board.ram, board.external_ram) if m),
        vectors=board.vectors,
        uart=board.uart.driver,
        uart_base=board.uart.base,
        external=tuple(memory.driver for memory in board.external),
    )


def _link(target: str, image: Image, board: Board, timeout_s: float) -> Link:
    if target == "unicorn":
        return UnicornLink(image, unicorn_machine(board), timeout_s)
    if target == "renode":
        return RenodeLink(image, board)
    return QemuLink(image, QemuMachine(board.qemu or "", board.clock_hz))
