"""Which serial port a board is on: by name, by pyserial URL, or by the board's USB ids."""

import re
from dataclasses import dataclass
from typing import Any

from serial.tools import list_ports

from qmcu.board import Board
from qmcu.errors import DeviceError, UsageError

PREFIX = "serial:"
_LIMIT = re.compile(r"@(\d+)$")
# What these schemes lead to has no rate of its own, or one that is not ours to change.
_RATELESS = ("socket://", "loop://")


@dataclass(frozen=True)
class PortName:
    """A target such as `serial:/dev/ttyACM0@921600`, taken apart.

    `port` is a device name or pyserial URL, empty for `auto`; `usb_serial` picks among several
    boards of the same kind; `limit` is the fastest rate allowed in bit/s, None for the board's.
    """

    port: str = ""
    usb_serial: str = ""
    limit: int | None = None

    @property
    def has_rate(self) -> bool:
        """Whether a change of the bit rate reaches the line."""
        return not self.port.startswith(_RATELESS)


def parse_port(target: str) -> PortName:
    """The port of a target `serial:...`. Raises UsageError when there is nothing after the colon.

    Forms: `serial:auto`, `serial:auto:USB-SERIAL-NUMBER`, `serial:DEVICE`, `serial:URL`, each
    with an optional `@RATE`.
    """
    text = target.removeprefix(PREFIX)
    limit = None
    if match := _LIMIT.search(text):
        text, limit = text[: match.start()], int(match[1])
    if not text:
        raise UsageError(
            f"{target!r} names no port; give serial:auto, serial:/dev/ttyACM0 or a pyserial URL "
            "such as serial:socket://host:port."
        )
    if text == "auto" or text.startswith("auto:"):
        return PortName("", text.removeprefix("auto").removeprefix(":"), limit)
    return PortName(text, "", limit)


@dataclass(frozen=True)
class UsbPort:
    """A serial port of this computer; USB fields are empty where the port is not on USB."""

    device: str
    usb: str = ""
    usb_serial: str = ""
    description: str = ""

    def __str__(self) -> str:
        details = " ".join(part for part in (self.usb, self.usb_serial, self.description) if part)
        return f"{self.device} ({details})" if details else self.device


def serial_ports() -> tuple[UsbPort, ...]:
    """The serial ports of this computer, by name."""
    return tuple(_usb_port(port) for port in sorted(list_ports.comports()))


def _usb_port(port: Any) -> UsbPort:
    usb = f"{port.vid:04x}:{port.pid:04x}" if port.vid is not None else ""
    description = port.product or ("" if port.description == "n/a" else port.description)
    return UsbPort(port.device, usb, port.serial_number or "", description or "")


def find_port(board: Board, usb_serial: str = "") -> UsbPort:
    """The one port whose USB ids are `board`'s.

    Raises DeviceError, listing the ports that there are, when none or several match.
    """
    ports = serial_ports()
    if not board.serial.usb:
        raise DeviceError(
            f"{board.name} has no USB ids in its board file; name its port ({_listed(ports)})."
        )
    matching = [p for p in ports if p.usb in board.serial.usb and usb_serial in p.usb_serial]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        which = f" and serial number {usb_serial}" if usb_serial else ""
        raise DeviceError(
            f"no {board.name} is connected: no port has USB id {' or '.join(board.serial.usb)}"
            f"{which} ({_listed(ports)}). Plug it in, or name its port."
        )
    raise DeviceError(
        f"{len(matching)} ports could be {board.name}: {', '.join(map(str, matching))}; name one, "
        "or choose by serial:auto:SERIAL-NUMBER."
    )


def _listed(ports: tuple[UsbPort, ...]) -> str:
    return "there are " + ", ".join(map(str, ports)) if ports else "there are no ports at all"
