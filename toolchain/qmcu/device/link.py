"""The byte stream to a device."""

from dataclasses import dataclass
from typing import Protocol


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


class LineLost(Exception):
    """The line was cut and is open again: what was under way is lost, the peer may be new."""


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
