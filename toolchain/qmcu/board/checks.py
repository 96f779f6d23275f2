"""What a board's fields may hold, whatever document they come from.

Names of a board reach makefiles, C sources, linker scripts, command lines and paths: a pattern for
each, and a range for each number, leave nothing in them that is more than a name or a number.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from qmcu.board.description import (
    COUNTERS,
    CPUS,
    EXTERNAL_DRIVERS,
    UART_DRIVERS,
    Board,
    export_names,
)
from qmcu.board.fields import MACRO_NAME, PLAIN_NAME, SECTION_NAME, Table, pin_numbers
from qmcu.board.flashing import flash_settings
from qmcu.errors import BoardError

_WORD = 0xFFFF_FFFF
_IDENTIFIER = r"[A-Za-z][\w-]{0,31}"
_OPTION = r"[a-z][a-z0-9.+-]{0,31}"
_LABEL = r"[\w ()+,.:/&'-]{1,80}"
_USB = r"[0-9a-f]{4}:[0-9a-f]{4}"


def check_board(board: Board) -> None:
    """Raise ValueError, one clause, where a field is not what a board file may say.

    What types cannot tell: names and numbers that the rest of qmcu prints, looks up or computes
    with.
    """
    for key, text, pattern in _texts(board):
        if text is not None and not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f"{key} is {text[:80]!r}, which does not fit {pattern}")
    for key, text, values in _choices(board):
        if text not in values:
            raise ValueError(f"{key} is {text!r}, it can be {', '.join(values)}")
    for key, number, low, high in _numbers(board):
        if not low <= number <= high:
            raise ValueError(f"{key} is {number}, it can be {low} to {high}")
    uart = board.uart
    external = (pin for memory in board.external for pin in memory.pins)
    for pin in (*(p for p in (uart.tx, uart.rx) if p is not None), *external):
        try:
            pin_numbers(pin)
        except ValueError as error:
            raise ValueError(f"{pin!r} is no pin such as PA9") from error
    if "vectors" not in board.sections:
        raise ValueError("sections has no vectors")
    if len({m.kind for m in board.external}) < len(board.external):
        raise ValueError("external has several memories of a kind; 1 is used")
    try:
        flash_settings(board)
        export_names(Table(Path(f"board {board.name}"), "export.", board.export))
    except BoardError as error:
        raise ValueError(str(error).rstrip(".")) from error


def _texts(board: Board) -> Iterator[tuple[str, str | None, str]]:
    """Field, what it holds, what that must match as a whole."""
    yield "name", board.name, PLAIN_NAME
    yield "title", board.title, _LABEL
    yield "chip", board.chip, _LABEL
    yield "core.fpu", board.core.fpu, _OPTION
    yield "core.compile_for", board.core.compile_for, _OPTION
    yield "flash.name", board.flash.name, _IDENTIFIER
    yield "ram.name", board.ram.name, _IDENTIFIER
    yield "family", board.family, r"[a-z0-9][a-z0-9_-]{0,31}"
    yield "uart.name", board.uart.name, _IDENTIFIER
    yield "qemu", board.qemu, r"[a-z0-9][a-z0-9._-]{0,63}"
    yield "renode", board.renode, r"[\w-]{1,64}\.repl"
    yield "not_emulated", board.not_emulated, r"[ -~]{1,200}"
    for usb in board.serial.usb:
        yield "serial.usb", usb, _USB
    for name in board.sections:
        yield "sections", name, SECTION_NAME
    for name in (*board.port_settings, *board.uart.settings):
        yield "settings", name, MACRO_NAME
    for memory in board.external:
        for name in memory.settings:
            yield "external.settings", name, MACRO_NAME
        yield "external.writers.openocd", memory.writers.get("openocd"), _IDENTIFIER
        loader = memory.writers.get("STM32_Programmer_CLI")
        yield "external.writers.STM32_Programmer_CLI", loader, r"\w[\w.-]{0,80}\.stldr"


def _choices(board: Board) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    yield "core.cpu", board.core.cpu, CPUS
    yield "counter", board.counter, COUNTERS
    yield "uart.driver", board.uart.driver, tuple(UART_DRIVERS)
    yield "flash.kind", board.flash.kind, ("flash",)
    yield "ram.kind", board.ram.kind, ("ram",)
    for memory in board.external:
        yield "external.kind", memory.kind, ("flash", "ram")
        drivers = tuple(d for d, kind in EXTERNAL_DRIVERS.items() if kind == memory.kind)
        yield "external.driver", memory.driver, drivers
        for name in memory.writers:
            yield "external.writers", name, ("openocd", "STM32_Programmer_CLI")


def _numbers(board: Board) -> Iterator[tuple[str, int, int, int]]:
    """Field, number, least, most."""
    for key, memory in (("flash", board.flash), ("ram", board.ram)):
        yield f"{key}.start", memory.start, 0, _WORD
        yield f"{key}.size", memory.size, 1024, 1 << 31
        yield f"the end of {key}", memory.end, 1, _WORD + 1
    uart = board.uart
    yield "uart.base", uart.base, 0, _WORD
    yield "uart.baud", uart.baud, 1200, 20_000_000
    yield "uart.alternate_function", uart.alternate_function, 0, 15
    yield "serial.fastest", board.serial.fastest, 1200, 20_000_000
    yield "clock_hz", board.clock_hz, 1, 2_000_000_000
    yield "stack_size", board.stack_size, 256, 1 << 20
    for name, value in (*board.port_settings.items(), *uart.settings.items()):
        yield f"settings.{name}", value, 0, _WORD
    for name, offset in board.sections.items():
        yield f"sections.{name}", offset, 0, board.flash.size - 1
    for external in board.external:
        yield "external.start", external.start, 0, _WORD
        yield "external.size", external.size, 1024, 1 << 31
        yield "the end of external", external.end, 1, _WORD + 1
        for name, value in external.settings.items():
            yield f"external.settings.{name}", value, 0, _WORD
        for pin, function in external.pins.items():
            yield f"external.pins.{pin}", function, 0, 15
