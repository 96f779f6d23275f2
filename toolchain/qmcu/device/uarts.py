"""Models of the UARTs that firmware talks through, with queues to and from the host.

An access may happen twice in a row when the emulator stops at it, so a byte is taken from the
queue, or another one sent, only after a look at the status. Bytes that are written before the
firmware enabled the UART are lost, as on the chip.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from qmcu.device.peripherals import Block

# Status reads in a row, nothing received, nothing sent: the firmware waits for a byte.
IDLE_POLLS = 4


class GuestMemory(Protocol):
    """The memory of the emulated chip, for UARTs with DMA."""

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes from `address` on."""

    def write(self, address: int, data: bytes) -> None:
        """`data` to `address` and behind."""


class Uart:
    """What every UART has: the queues, plain registers, and the notice that the firmware waits.

    `idle` is called when the firmware waits for a byte and the queue is empty. Subclasses say
    which register is what; `SIZE` is the size of their registers in bytes.
    """

    SIZE = 0x1000
    memory: GuestMemory | None = None

    def __init__(self, idle: Callable[[], None]) -> None:
        self._idle = idle
        self._registers: dict[int, int] = {}
        self._queue = bytearray()
        self._at = 0
        self._taken = False
        self._full = False
        self._polls = 0
        self._broken: set[int] = set()
        self.sent = bytearray()

    def put(self, data: bytes, *, broken: bool = False) -> None:
        """Queue bytes for the firmware; `broken` ones come with a framing error."""
        self._broken = {at - self._at for at in self._broken if at >= self._at}
        del self._queue[: self._at]
        self._at = 0
        self._polls = 0
        if broken:
            self._broken.update(range(len(self._queue), len(self._queue) + len(data)))
        self._queue += data

    @property
    def waiting(self) -> int:
        """Queued bytes that the firmware has not taken yet."""
        return len(self._queue) - self._at

    @property
    def enabled(self) -> bool:
        """Whether the firmware has switched transmitter and receiver on."""
        raise NotImplementedError

    @property
    def divisor(self) -> int:
        """The UART's clock divided by its bit rate as the firmware set it, 0 if not modelled."""
        return 0

    def read(self, offset: int, size: int) -> int:
        """A register."""
        return self._registers.get(offset, 0)

    def write(self, offset: int, size: int, value: int) -> None:
        """A register."""
        self._registers[offset] = value

    def _look(self) -> bool:
        """A look at the status: True when a byte has been received."""
        self._full = False
        if self._taken:
            self._taken = False
            self._at += 1
            self._polls = 0
        if self._at < len(self._queue):
            return True
        self._polls += 1
        if self._polls >= IDLE_POLLS:
            self._idle()
        return False

    def _take(self) -> int:
        """The first byte that was received."""
        if self._at < len(self._queue):
            self._taken = True
            return self._queue[self._at]
        return 0

    def _send(self, value: int) -> None:
        """A byte for the host."""
        self._polls = 0
        if self.enabled and not self._full:
            self.sent.append(value & 0xFF)
        self._full = self.enabled


@dataclass(frozen=True)
class Layout:
    """Offsets of control, status, receive and transmit register, and their bits.

    `control_bits` must all be set for the UART to work; `ready` is what the status shows beside
    `received`, as this transmitter is always ready. `received_when` tells whether `received` is
    set or clear when a byte has come. `divisor` and `framing_error` are for those that have them
    in one register and in the status.
    """

    control: int
    control_bits: int
    status: int
    receive: int
    transmit: int
    received: int
    ready: int
    received_when: bool = True
    divisor: int | None = None
    framing_error: int = 0


class StatusUart(Uart):
    """A UART with one status register, such as an STM32's."""

    LAYOUT: Layout

    @property
    def enabled(self) -> bool:
        """Whether all of the control register's bits are set."""
        bits = self.LAYOUT.control_bits
        return self._registers.get(self.LAYOUT.control, 0) & bits == bits

    @property
    def divisor(self) -> int:
        """The register that holds it, if there is one."""
        at = self.LAYOUT.divisor
        return 0 if at is None else self._registers.get(at, 0)

    def read(self, offset: int, size: int) -> int:
        """A register, the status made from the queue."""
        layout = self.LAYOUT
        if offset == layout.status:
            shown = self._look() == layout.received_when
            error = layout.framing_error if self._at in self._broken else 0
            return layout.ready | (layout.received if shown else 0) | error
        return self._take() if offset == layout.receive else super().read(offset, size)

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; a byte to the transmit register goes to `sent`."""
        if offset == self.LAYOUT.transmit:
            self._send(value)
        else:
            super().write(offset, size, value)


class Stm32UsartV1(StatusUart):
    """The USART of STM32F2 and F4: CR1, SR (RXNE; TC, TXE), DR."""

    SIZE = 0x30
    LAYOUT = Layout(
        control=0x0C,
        control_bits=1 << 13 | 1 << 3 | 1 << 2,
        status=0x00,
        receive=0x04,
        transmit=0x04,
        received=1 << 5,
        ready=1 << 6 | 1 << 7,
        divisor=0x08,
        framing_error=1 << 1,
    )


class Stm32UsartV2(StatusUart):
    """The USART and LPUART of STM32F7, G4, H7 and L4: CR1, ISR (RXNE; TC, TXE, acks), RDR, TDR."""

    SIZE = 0x30
    LAYOUT = Layout(
        control=0x00,
        control_bits=1 << 3 | 1 << 2 | 1,
        status=0x1C,
        receive=0x24,
        transmit=0x28,
        received=1 << 5,
        ready=1 << 6 | 1 << 7 | 1 << 21 | 1 << 22,
        divisor=0x0C,
        framing_error=1 << 1,
    )


class KinetisUart(StatusUart):
    """The UART of the Kinetis K family, byte registers: C2 (TE, RE), S1 (RDRF; TDRE, TC), D."""

    LAYOUT = Layout(
        control=0x03,
        control_bits=1 << 3 | 1 << 2,
        status=0x04,
        receive=0x07,
        transmit=0x07,
        received=1 << 5,
        ready=1 << 7 | 1 << 6,
    )


class Pl011(StatusUart):
    """Arm's PrimeCell UART: CR (UARTEN, TXE, RXE), FR (RXFE is clear when a byte is there), DR."""

    LAYOUT = Layout(
        control=0x30,
        control_bits=1 << 9 | 1 << 8 | 1,
        status=0x18,
        receive=0x00,
        transmit=0x00,
        received=1 << 4,
        ready=1 << 7,
        received_when=False,
    )


class RenesasSciB(StatusUart):
    """SCI_B of the RA8 family: CCR0 (TE, RE), CSR (RDRF; TDRE, TEND), RDR, TDR."""

    SIZE = 0x100
    LAYOUT = Layout(
        control=0x08,
        control_bits=1 << 4 | 1,
        status=0x48,
        receive=0x00,
        transmit=0x04,
        received=1 << 31,
        ready=1 << 29 | 1 << 30,
    )


class ImxrtLpuart(StatusUart):
    """The LPUART of NXP's i.MX RT: CTRL (TE, RE), STAT (RDRF; TDRE, TC), DATA."""

    SIZE = 0x30
    LAYOUT = Layout(
        control=0x18,
        control_bits=1 << 19 | 1 << 18,
        status=0x14,
        receive=0x1C,
        transmit=0x1C,
        received=1 << 21,
        ready=1 << 23 | 1 << 22,
    )


class NrfUart(Uart):
    """The UART (without DMA) of nRF51 and nRF52: events RXDRDY and TXDRDY, tasks, RXD, TXD.

    An event stays until it is cleared; RXDRDY comes again once RXD has been read and another
    byte is there.
    """

    _START_RX, _START_TX, _RXDRDY, _TXDRDY = 0x000, 0x008, 0x108, 0x11C
    _ENABLE, _RXD, _TXD = 0x500, 0x518, 0x51C

    def __init__(self, idle: Callable[[], None]) -> None:
        super().__init__(idle)
        self._cleared = False
        self._sent_event = False

    @property
    def enabled(self) -> bool:
        """Whether it is enabled (4: as UART, not UARTE) and both directions are started."""
        started = self._registers.get(self._START_RX) == self._registers.get(self._START_TX) == 1
        return started and self._registers.get(self._ENABLE) == 4

    def read(self, offset: int, size: int) -> int:
        """A register; the events are made from the queue and what was sent."""
        if offset == self._RXDRDY:
            if self._taken:
                self._cleared = False
            return int(self._look() and not self._cleared)
        if offset == self._TXDRDY:
            self._full = False
            return int(self._sent_event)
        return self._take() if offset == self._RXD else super().read(offset, size)

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; a byte to TXD goes to `sent`."""
        if offset == self._TXD:
            self._send(value)
            self._sent_event = self.enabled
        elif offset == self._RXDRDY:
            # What is not there cannot be cleared, and nothing is there before it is started.
            self._cleared = value == 0 and self.waiting > 0 and self.enabled
        elif offset == self._TXDRDY:
            self._sent_event = self._sent_event and value != 0
        else:
            super().write(offset, size, value)


class NrfUarte(Uart):
    """The UARTE of nRF53, with buffers of one byte: ENDRX and ENDTX, PTR, STARTRX and STARTTX.

    DMA needs the memory: `memory` is set by the emulator, and without it nothing moves.
    """

    _START_RX, _START_TX, _ENDRX, _ENDTX = 0x000, 0x008, 0x110, 0x120
    _ENABLE, _RX_PTR, _RX_MAX, _TX_PTR, _TX_MAX = 0x500, 0x534, 0x538, 0x544, 0x548

    def __init__(self, idle: Callable[[], None]) -> None:
        super().__init__(idle)
        self._armed = False
        self._ended = False
        self._sent_event = False

    @property
    def enabled(self) -> bool:
        """Whether it is enabled (8: as UARTE) with buffers of one byte."""
        sizes = {self._registers.get(at) for at in (self._RX_MAX, self._TX_MAX)}
        return self._registers.get(self._ENABLE) == 8 and sizes == {1}

    def read(self, offset: int, size: int) -> int:
        """A register; ENDRX once a byte lies in the buffer of a started transfer."""
        if offset == self._ENDRX:
            if not (self._armed and self._look() and self.memory is not None):
                return 0
            self._ended = True
            place = self._registers[self._RX_PTR]
            self.memory.write(place, bytes([self._queue[self._at]]))
            return 1
        if offset == self._ENDTX:
            self._full = False
            return int(self._sent_event)
        return super().read(offset, size)

    def write(self, offset: int, size: int, value: int) -> None:
        """A register; STARTTX sends the byte at TXD.PTR."""
        if offset == self._START_TX and self.memory is not None:
            self._send(self.memory.read(self._registers.get(self._TX_PTR, 0), 1)[0])
            self._sent_event = self.enabled
        elif offset == self._START_RX:
            self._armed = self.enabled
        elif offset == self._ENDRX and value == 0:
            # A transfer that has ended is taken; the next one waits to be started.
            self._taken = self._taken or self._ended
            self._armed = self._armed and not self._ended
            self._ended = False
        elif offset == self._ENDTX:
            self._sent_event = self._sent_event and value != 0
        else:
            super().write(offset, size, value)


# The board files' names of the drivers that have a model here.
UARTS: dict[str, type[Uart]] = {
    "stm32-usart-v1": Stm32UsartV1,
    "stm32-usart-v2": Stm32UsartV2,
    "kinetis-uart": KinetisUart,
    "pl011": Pl011,
    "nrf-uart": NrfUart,
    "nrf-uarte": NrfUarte,
    "renesas-sci-b": RenesasSciB,
    "imxrt-lpuart": ImxrtLpuart,
}


class UartPage:
    """The UART within its page; its neighbours are the family's registers."""

    def __init__(self, uart: Uart, start: int, others: Block) -> None:
        self._uart = uart
        self._start = start
        self._others = others

    def read(self, offset: int, size: int) -> int:
        """A register of the UART or a neighbour."""
        if 0 <= offset - self._start < self._uart.SIZE:
            return self._uart.read(offset - self._start, size)
        return self._others.read(offset, size)

    def write(self, offset: int, size: int, value: int) -> None:
        """A register of the UART or a neighbour."""
        if 0 <= offset - self._start < self._uart.SIZE:
            self._uart.write(offset - self._start, size, value)
        else:
            self._others.write(offset, size, value)
