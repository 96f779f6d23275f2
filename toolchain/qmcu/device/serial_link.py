"""A serial port as a link: any pyserial name or URL, opened again after it was unplugged."""

import contextlib
import errno
import time
from collections.abc import Callable
from typing import Any, NoReturn

import serial

from qmcu.device.image import Image
from qmcu.device.link import COUNTER_NAMES, CountUnit, LineLost
from qmcu.device.ports import UsbPort, serial_ports
from qmcu.errors import DeviceError

RECONNECT_S = 30.0
_RETRY_S = 0.1
_WRITE_S = 5.0
_STEP_S = 0.02
_PIECE = 4096


class SerialLink:
    """A link over a serial port that comes back after it was unplugged.

    Losing the port raises LineLost once it is open again, DeviceError when it stays away. `baud`
    is the present rate in bit/s, `boot_baud` the one that the firmware starts with, `received`
    counts bytes.
    """

    def __init__(
        self,
        find: Callable[[], str],
        boot_baud: int,
        *,
        image: Image | None = None,
        reconnect_s: float = RECONNECT_S,
    ) -> None:
        """Open the port that `find` names, now and after each loss; `image` names functions.

        Raises DeviceError that says why it cannot be opened.
        """
        self._image = image
        self.boot_baud = self.baud = boot_baud
        self._find = find
        self.reconnect_s = reconnect_s
        self._port = find()
        self._usb = _usb_of(self._port)
        self.received = 0
        self.name = self._port
        self._stream = self._open()

    def write(self, data: bytes) -> None:
        """Send all of `data`; what a peer does not take within seconds is dropped.

        Raises LineLost or DeviceError.
        """
        try:
            for at in range(0, len(data), _PIECE):
                self._stream.write(data[at : at + _PIECE])
        except serial.SerialTimeoutException:
            with contextlib.suppress(OSError):
                self._stream.reset_output_buffer()
        except OSError as error:
            self._reconnect(error)

    def read(self, timeout_s: float) -> bytes:
        """Whatever has come within `timeout_s` seconds. Raises LineLost or DeviceError."""
        deadline = time.monotonic() + timeout_s
        try:
            data = bytes(self._stream.read(1))
            while not data and time.monotonic() < deadline:
                data = bytes(self._stream.read(1))
            waiting = self._stream.in_waiting if data else 0
            if waiting:
                data += bytes(self._stream.read(waiting))
        except OSError as error:
            self._reconnect(error)
        self.received += len(data)
        return data

    def set_baud(self, baud: int) -> bool:
        """Change the rate once everything is sent; False, and no change, when it cannot be had."""
        try:
            self._stream.flush()
            self._stream.baudrate = baud
        except (OSError, ValueError, OverflowError):
            with contextlib.suppress(OSError, ValueError):
                self._stream.baudrate = self.baud
            return False
        self.baud = baud
        return True

    def check(self) -> None:
        """A serial line does not tell whether the board lives."""

    def counting(self, wanted: bool) -> None:
        """Hardware counts at no cost."""

    def count_unit(self, counter: int, clock_hz: int) -> CountUnit:
        """Cycles of the board's own counter."""
        name = COUNTER_NAMES.get(counter, "unknown counter")
        return CountUnit("cycles" if counter else "", f"{name} of the board on {self.name}")

    def function_at(self, address: int) -> str:
        """The function of the image at `address`; empty without an image."""
        return self._image.function_at(address) if self._image else ""

    def close(self) -> None:
        """Close the port; harmless when repeated."""
        with contextlib.suppress(OSError):
            self._stream.close()

    @property
    def is_open(self) -> bool:
        """Whether the port is open."""
        return bool(self._stream.is_open)

    def _open(self) -> Any:
        try:
            stream = serial.serial_for_url(self._port, do_not_open=True)
            stream.baudrate = self.boot_baud
            # Once and for all: some URLs ask their server at each change of a setting.
            stream.timeout = _STEP_S
            with contextlib.suppress(AttributeError, ValueError, NotImplementedError):
                # Two programs that read one port each get half of what arrives.
                stream.exclusive = True
            stream.open()
            try:
                stream.write_timeout = _WRITE_S + 20 * _PIECE / self.boot_baud
            except NotImplementedError:
                stream.write_timeout = None
        except (OSError, ValueError) as error:
            raise DeviceError(_why(self._port, error)) from error
        self.baud = self.boot_baud
        return stream

    def _reconnect(self, cause: OSError) -> NoReturn:
        self.close()
        deadline = time.monotonic() + self.reconnect_s
        last: Exception = cause
        while time.monotonic() < deadline:
            time.sleep(_RETRY_S)
            try:
                self._port = self._moved() or self._find()
                self._stream = self._open()
            except DeviceError as error:
                last = error
                continue
            raise LineLost(f"{self.name} was cut off and is back")
        raise DeviceError(
            f"{self.name} was lost ({str(cause).rstrip('.')}) and did not come back within "
            f"{self.reconnect_s:g} s: {last}"
        )

    def _moved(self) -> str:
        """The new name of the same USB device: its number may change when it is plugged in."""
        if not self._usb.usb_serial:
            return ""
        same = (p.device for p in serial_ports() if _key(p) == _key(self._usb))
        return next(same, "")


def _key(port: UsbPort) -> tuple[str, str]:
    return port.usb, port.usb_serial


def _usb_of(name: str) -> UsbPort:
    return next((port for port in serial_ports() if port.device == name), UsbPort(name))


def _why(port: str, error: Exception) -> str:
    """One sentence for a port that cannot be opened, with what to do."""
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        there = ", ".join(map(str, serial_ports())) or "none"
        return f"there is no port {port} (ports here: {there}); is the board plugged in?"
    if number == errno.EACCES:
        return (
            f"{port} may not be opened by this user; on Linux add the user to the group dialout "
            "(`sudo usermod -aG dialout $USER`) and log in again."
        )
    if number in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK) or "lock port" in str(error):
        return f"{port} is in use by another program (a terminal, another qmcu); end that first."
    return f"{port} cannot be opened: {str(error).rstrip('.')}."
