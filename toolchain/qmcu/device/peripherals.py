"""The registers of the core, and what any block of registers is.

Each model is a `Block` of registers: read(offset, size) and write(offset, size, value).
"""

from collections.abc import Callable
from typing import Protocol


class Block(Protocol):
    """A range of memory-mapped registers."""

    def read(self, offset: int, size: int) -> int:
        """The value that the firmware reads at `offset`."""

    def write(self, offset: int, size: int, value: int) -> None:
        """The firmware writes `value` at `offset`."""


CPUIDS = {
    "cortex-m0": 0x410CC200,
    "cortex-m0plus": 0x410CC601,
    "cortex-m3": 0x412FC231,
    "cortex-m4": 0x410FC241,
    "cortex-m7": 0x411FC270,
    "cortex-m33": 0x410FD213,
}

_CYCCNT, _CPUID, _VTOR, _AIRCR, _CPACR = 0x1004, 0xED00, 0xED08, 0xED0C, 0xED88
_SYST_CSR, _SYST_RVR, _SYST_CVR = 0xE010, 0xE014, 0xE018
_SYST_ENABLE, _SYST_TICKINT = 1 << 0, 1 << 1
_RESET_REQUEST = 0x05FA0004


class CoreBlock:
    """The private peripheral bus from 0xE0000000: DWT and SysTick count, the rest is plain memory.

    CYCCNT counts `count()`, the executed instructions, up and SysTick counts them down; both stand
    still while nothing counts. `tick` is called when SysTick is read after it wrapped and its
    exception is enabled; `exceptions_due` then says how many times it has yet to be taken.
    """

    SIZE = 0x100000

    def __init__(
        self,
        core: str,
        count: Callable[[], int],
        reset: Callable[[], None],
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._values = {_CPUID: CPUIDS.get(core, 0)}
        self._count = count
        self._reset = reset
        self._tick = tick
        self._origin = 0
        self._systick_origin = 0
        self._systick_wraps = 0

    @property
    def fpu_enabled(self) -> bool:
        """Whether CPACR gives full access to CP10 and CP11."""
        return self._values.get(_CPACR, 0) >> 20 & 0xF == 0xF

    @property
    def vector_table(self) -> int:
        """VTOR."""
        return self._values.get(_VTOR, 0)

    @property
    def exceptions_due(self) -> int:
        """SysTick exceptions that the firmware has not taken yet."""
        enabled = _SYST_ENABLE | _SYST_TICKINT
        if self._values.get(_SYST_CSR, 0) & enabled != enabled:
            return 0
        return self._systick_elapsed() // self._systick_period() - self._systick_wraps

    def exceptions_taken(self, number: int) -> None:
        """The firmware has taken that many SysTick exceptions."""
        self._systick_wraps += number

    def read(self, offset: int, size: int) -> int:
        """A register."""
        if offset == _CYCCNT:
            return self._count() - self._origin & 0xFFFFFFFF
        if offset == _SYST_CVR:
            return self._systick()
        return self._values.get(offset & ~3, 0) >> 8 * (offset & 3)

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; AIRCR may ask for a reset."""
        if offset == _CYCCNT:
            self._origin = self._count() - value
        elif offset == _SYST_CVR:
            self._systick_origin, self._systick_wraps = self._count(), 0
        elif offset == _AIRCR and value & ~0xFFFB == _RESET_REQUEST & ~0xFFFB and value & 4:
            self._reset()
        elif size == 4:
            self._values[offset] = value

    def _systick_period(self) -> int:
        return (self._values.get(_SYST_RVR, 0) & 0xFFFFFF) + 1

    def _systick_elapsed(self) -> int:
        return self._count() - self._systick_origin

    def _systick(self) -> int:
        if not self._values.get(_SYST_CSR, 0) & _SYST_ENABLE:
            return 0
        if self.exceptions_due:
            self._tick()
        period = self._systick_period()
        return period - 1 - self._systick_elapsed() % period
