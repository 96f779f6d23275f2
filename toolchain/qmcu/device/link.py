"""The byte stream to a device, and the link over any pyserial-like stream."""

from dataclasses import dataclass
from typing import Any, Protocol

from qmcu.errors import DeviceError


@dataclass(frozen=True)
class CountUnit:
    """What the firmware's counter counts: `unit` is `instructions`, `cycles` or empty for nothing.

    `how` says how the figure was obtained, with tool and version; a counter difference times
    `scale` is the figure.
    """

    unit: str
    how: str
    scale: float = 1.0

    def convert(self, ticks: int) -> int:
        """The figure for a counter difference, rounded to a whole number."""
        return ticks if self.scale == 1.0 else round(ticks * self.scale)


class Link(Protocol):
    """A byte stream to a running firmware image; what differs between devices is behind it."""

    name: str
    """The device in a few words with its version, such as `unicorn 2.1.4`."""

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises DeviceError when the peer is gone."""

    def read(self, timeout_s: float) -> bytes:
        """Whatever has come, at least one byte; empty when nothing comes within `timeout_s`.

        An emulator that knows that its firmware waits for input returns empty at once.
        Raises GuestFault when the firmware crashed and DeviceError when the peer is gone.
        """

    def check(self) -> None:
        """Raise GuestFault or DeviceError if the firmware crashed or the peer is gone."""

    def counting(self, wanted: bool) -> None:
        """Switch exact counting on or off where it costs speed; elsewhere do nothing."""

    def count_unit(self, counter: int, clock_hz: int) -> CountUnit:
        """What the firmware's `cycles` mean here, for the HELLO fields counter and clock_hz."""

    def function_at(self, address: int) -> str:
        """The function of the image that holds this code address, or an empty string."""

    def close(self) -> None:
        """Release the device; harmless when repeated."""


COUNTER_NAMES = {0: "no counter", 1: "DWT CYCCNT", 2: "SysTick"}


class StreamLink:
    """A link over a pyserial-like stream: write, read, in_waiting, timeout, close."""

    def __init__(self, stream: Any, name: str) -> None:
        self.name = name
        self._stream = stream

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        try:
            self._stream.write(data)
        except OSError as error:
            raise DeviceError(f"{self.name}: writing failed: {error}.") from error

    def read(self, timeout_s: float) -> bytes:
        """Whatever has come within `timeout_s` seconds."""
        try:
            self._stream.timeout = max(timeout_s, 0.0)
            data = bytes(self._stream.read(1))
            waiting = self._stream.in_waiting if data else 0
            return data + bytes(self._stream.read(waiting)) if waiting else data
        except OSError as error:
            raise DeviceError(f"{self.name}: reading failed: {error}.") from error

    def check(self) -> None:
        """A serial line does not tell whether the board lives."""

    def counting(self, wanted: bool) -> None:
        """Hardware counts at no cost."""

    def count_unit(self, counter: int, clock_hz: int) -> CountUnit:
        """Cycles of the board's own counter."""
        return CountUnit("cycles", f"{COUNTER_NAMES.get(counter, 'unknown')} on {self.name}")

    def function_at(self, address: int) -> str:
        """Unknown without the image."""
        return ""

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
