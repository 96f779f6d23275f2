"""Models of the STM32 peripherals that the firmware touches: UART, clock and power, core.

Each model is a `Block` of registers: read(offset, size) and write(offset, size, value).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

# Status reads in a row, nothing received, nothing sent: the firmware waits for a byte.
IDLE_POLLS = 4

_RXNE = 1 << 5
_FRAMING_ERROR = 1 << 1
_SENT = 1 << 6 | 1 << 7  # TC and TXE: this transmitter is always ready


class Block(Protocol):
    """A range of memory-mapped registers."""

    def read(self, offset: int, size: int) -> int:
        """The value that the firmware reads at `offset`."""

    def write(self, offset: int, size: int, value: int) -> None:
        """The firmware writes `value` at `offset`."""


@dataclass(frozen=True)
class UartLayout:
    """Register offsets and the CR1 bits that enable the UART, its transmitter and receiver.

    `divisor` is BRR, the clock divided by the bit rate.
    """

    cr1: int
    status: int
    receive: int
    transmit: int
    enabled: int
    divisor: int
    acknowledged: int = 0


UART_LAYOUTS = {
    1: UartLayout(0x0C, 0x00, 0x04, 0x04, enabled=1 << 13 | 1 << 3 | 1 << 2, divisor=0x08),
    2: UartLayout(
        0x00,
        0x1C,
        0x24,
        0x28,
        enabled=1 << 3 | 1 << 2 | 1,
        divisor=0x0C,
        acknowledged=1 << 21 | 1 << 22,
    ),
}


class Uart:
    """An STM32 USART (version 1: F4; 2: F7, L4, H7, LPUART) with queues to and from the host.

    Bytes written before the firmware enabled the UART are lost, as on the chip. An access may
    happen twice in a row when the emulator stops at it, so a byte is taken from the queue, or
    another one sent, only after a look at the status. `idle` is called when the firmware waits
    for a byte and the queue is empty.
    """

    def __init__(self, version: int, idle: Callable[[], None]) -> None:
        self._layout = UART_LAYOUTS[version]
        self._idle = idle
        self._registers: dict[int, int] = {}
        self._queue = bytearray()
        self._broken: set[int] = set()
        self._at = 0
        self._taken = False
        self._full = False
        self._polls = 0
        self.sent = bytearray()

    def put(self, data: bytes, *, broken: bool = False) -> None:
        """Queue bytes for the firmware; `broken` ones come with a framing error."""
        del self._queue[: self._at]
        self._broken = {at - self._at for at in self._broken if at >= self._at}
        self._at = 0
        self._polls = 0
        if broken:
            self._broken.update(range(len(self._queue), len(self._queue) + len(data)))
        self._queue += data

    @property
    def divisor(self) -> int:
        """The UART's clock divided by its bit rate, as the firmware set it; 0 before."""
        return self._registers.get(self._layout.divisor, 0)

    @property
    def waiting(self) -> int:
        """Queued bytes that the firmware has not taken yet."""
        return len(self._queue) - self._at

    def read(self, offset: int, size: int) -> int:
        """A register, the status made from the queue."""
        layout = self._layout
        if offset == layout.status:
            return self._status()
        if offset == layout.receive:
            if self._at < len(self._queue):
                self._taken = True
                return self._queue[self._at]
            return 0
        return self._registers.get(offset, 0)

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; a byte to the transmit register goes to `sent`."""
        layout = self._layout
        if offset != layout.transmit:
            self._registers[offset] = value
            return
        self._polls = 0
        if self._registers.get(layout.cr1, 0) & layout.enabled != layout.enabled:
            return
        if not self._full:
            self.sent.append(value & 0xFF)
        self._full = True

    def _status(self) -> int:
        self._full = False
        if self._taken:
            self._taken = False
            self._at += 1
            self._polls = 0
        if self._at < len(self._queue):
            error = _FRAMING_ERROR if self._at in self._broken else 0
            return self._layout.acknowledged | _SENT | _RXNE | error
        self._polls += 1
        if self._polls >= IDLE_POLLS:
            self._idle()
        return self._layout.acknowledged | _SENT


@dataclass(frozen=True)
class Ready:
    """Bits `mask` written to the register at `source` appear, shifted left, at `target`."""

    source: int
    mask: int
    target: int
    shift: int


@dataclass(frozen=True)
class Registers:
    """What a chip family has beside the UART: pages, reset values, ready bits (addresses)."""

    pages: tuple[int, ...]
    reset: dict[int, int]
    ready: tuple[Ready, ...]


_F4_RCC, _F4_PWR = 0x40023800, 0x40007000
_L4_RCC, _L4_PWR = 0x40021000, 0x40007000
_H7_RCC, _H7_PWR = 0x58024400, 0x58024800

_F_PAGES = (0x40007000, 0x40020000, 0x40021000, 0x40022000, 0x40023000)
_F_CLOCK = (
    Ready(_F4_RCC, 1 << 0 | 1 << 16 | 1 << 24 | 1 << 26, _F4_RCC, 1),
    Ready(_F4_RCC + 0x08, 0b11, _F4_RCC + 0x08, 2),
)

FAMILIES = {
    "stm32f4": Registers(
        _F_PAGES,
        {_F4_RCC: 0x83, _F4_RCC + 0x04: 0x2400_3010, _F4_PWR + 0x04: 1 << 14},
        (
            *_F_CLOCK,
            Ready(_F4_PWR, 1 << 16 | 1 << 17, _F4_PWR + 0x04, 0),
        ),
    ),
    "stm32f7": Registers(
        _F_PAGES,
        {_F4_RCC: 0x83, _F4_RCC + 0x04: 0x2400_3010, _F4_PWR: 0xC000, _F4_PWR + 0x04: 1 << 14},
        (
            *_F_CLOCK,
            Ready(_F4_PWR, 1 << 16 | 1 << 17, _F4_PWR + 0x04, 0),
        ),
    ),
    "stm32l4": Registers(
        (0x40007000, 0x40021000, 0x40022000, 0x48000000, 0x48001000, 0x48002000),
        {_L4_RCC: 0x63, _L4_PWR: 0x200},
        (
            Ready(_L4_RCC, 1 << 0 | 1 << 16 | 1 << 24 | 1 << 26, _L4_RCC, 1),
            Ready(_L4_RCC, 1 << 8, _L4_RCC, 2),
            Ready(_L4_RCC + 0x08, 0b11, _L4_RCC + 0x08, 2),
        ),
    ),
    "stm32h7": Registers(
        (0x52002000, 0x58000000, 0x58020000, 0x58021000, 0x58022000, 0x58024000),
        {_H7_RCC: 0x25, _H7_PWR + 0x04: 1 << 13, _H7_PWR + 0x18: 1 << 13},
        (
            Ready(_H7_RCC, 1 << 0, _H7_RCC, 2),
            Ready(_H7_RCC, 1 << 7 | 1 << 12 | 1 << 16, _H7_RCC, 1),
            Ready(_H7_RCC, 1 << 24 | 1 << 26 | 1 << 28, _H7_RCC, 1),
            Ready(_H7_RCC + 0x10, 0b111, _H7_RCC + 0x10, 3),
        ),
    ),
}


class RegisterPage:
    """Registers that remember what was written, with the family's ready bits."""

    def __init__(self, address: int, family: Registers) -> None:
        self._address = address
        self._values = dict(family.reset)
        self._ready = family.ready

    def read(self, offset: int, size: int) -> int:
        """The stored value with ready bits following their enable bits."""
        address = self._address + (offset & ~3)
        value = self._values.get(address, 0)
        for rule in self._ready:
            if rule.target == address:
                value &= ~(rule.mask << rule.shift)
                value |= (self._values.get(rule.source, 0) & rule.mask) << rule.shift
        return value >> 8 * (offset & 3)

    def write(self, offset: int, size: int, value: int) -> None:
        """Store a value of `size` bytes."""
        address, low = self._address + (offset & ~3), 8 * (offset & 3)
        mask = (1 << 8 * size) - 1 << low
        self._values[address] = self._values.get(address, 0) & ~mask | value << low & mask


CPUIDS = {
    "cortex-m0": 0x410CC200,
    "cortex-m3": 0x412FC231,
    "cortex-m4": 0x410FC241,
    "cortex-m7": 0x411FC270,
    "cortex-m33": 0x410FD213,
}

_CYCCNT, _CPUID, _AIRCR, _CPACR = 0x1004, 0xED00, 0xED0C, 0xED88
_RESET_REQUEST = 0x05FA0004


class CoreBlock:
    """The private peripheral bus from 0xE0000000: DWT, NVIC, SCB and SysTick as plain memory.

    CYCCNT is `count()`, the executed instructions; it reads as 0 while nothing counts.
    """

    SIZE = 0x100000

    def __init__(self, core: str, count: Callable[[], int], reset: Callable[[], None]) -> None:
        self._values = {_CPUID: CPUIDS.get(core, 0)}
        self._count = count
        self._reset = reset
        self._origin = 0

    @property
    def fpu_enabled(self) -> bool:
        """Whether CPACR gives full access to CP10 and CP11."""
        return self._values.get(_CPACR, 0) >> 20 & 0xF == 0xF

    def read(self, offset: int, size: int) -> int:
        """A register."""
        if offset == _CYCCNT:
            return self._count() - self._origin & 0xFFFFFFFF
        return self._values.get(offset & ~3, 0) >> 8 * (offset & 3)

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; AIRCR may ask for a reset."""
        if offset == _CYCCNT:
            self._origin = self._count() - value
        elif offset == _AIRCR and value & ~0xFFFB == _RESET_REQUEST & ~0xFFFB and value & 4:
            self._reset()
        elif size == 4:
            self._values[offset] = value
