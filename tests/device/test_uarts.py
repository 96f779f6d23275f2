"""The UART models behave like the chip where the firmware looks."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from qmcu.device.uarts import IDLE_POLLS, UARTS, NrfUart, NrfUarte, StatusUart, Uart


@dataclass
class Driver:
    """A UART as the firmware's driver for it uses it."""

    uart: Uart
    stops: list[bool]
    received: Callable[[], bool]
    receive: Callable[[], int]
    transmit: Callable[[int], None]
    transmitted: Callable[[], bool]
    enable: Callable[[bool], None]


def status_driver(uart: StatusUart, stops: list[bool]) -> Driver:
    layout = uart.LAYOUT
    bits = layout.control_bits
    return Driver(
        uart,
        stops,
        lambda: bool(uart.read(layout.status, 4) & layout.received) == layout.received_when,
        lambda: uart.read(layout.receive, 4),
        lambda byte: uart.write(layout.transmit, 4, byte),
        lambda: uart.read(layout.status, 4) & layout.ready == layout.ready,
        lambda on: uart.write(layout.control, 4, bits if on else bits & bits - 1),
    )


def nrf_driver(uart: NrfUart, stops: list[bool]) -> Driver:
    def enable(on: bool) -> None:
        uart.write(0x500, 4, 4 if on else 0)
        uart.write(0x108, 4, 0)
        uart.write(0x000, 4, 1)
        uart.write(0x008, 4, 1)

    def receive() -> int:
        uart.write(0x108, 4, 0)
        return uart.read(0x518, 4)

    return Driver(
        uart,
        stops,
        lambda: uart.read(0x108, 4) == 1,
        receive,
        lambda byte: uart.write(0x51C, 4, byte),
        lambda: uart.read(0x11C, 4) == 1,
        enable,
    )


class Ram:
    """Memory of 256 bytes for a UART with DMA."""

    def __init__(self) -> None:
        self.bytes = bytearray(256)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.bytes[address : address + size])

    def write(self, address: int, data: bytes) -> None:
        self.bytes[address : address + len(data)] = data


def uarte_driver(uart: NrfUarte, stops: list[bool]) -> Driver:
    """Received bytes go to address 16, sent ones lie at 32."""
    ram = uart.memory = Ram()

    def enable(on: bool) -> None:
        for offset, value in ((0x534, 16), (0x538, 1), (0x544, 32), (0x548, 1)):
            uart.write(offset, 4, value)
        uart.write(0x500, 4, 8 if on else 0)
        uart.write(0x110, 4, 0)
        uart.write(0x000, 4, 1)

    def receive() -> int:
        byte = ram.bytes[16]
        uart.write(0x110, 4, 0)
        uart.write(0x000, 4, 1)
        return byte

    def transmit(byte: int) -> None:
        ram.bytes[32] = byte
        uart.write(0x008, 4, 1)

    return Driver(
        uart,
        stops,
        lambda: uart.read(0x110, 4) == 1,
        receive,
        transmit,
        lambda: uart.read(0x120, 4) == 1,
        enable,
    )


@pytest.fixture(params=UARTS)
def driver(request: pytest.FixtureRequest) -> Driver:
    stops: list[bool] = []
    uart = UARTS[request.param](lambda: stops.append(True))
    if isinstance(uart, NrfUart):
        made = nrf_driver(uart, stops)
    elif isinstance(uart, NrfUarte):
        made = uarte_driver(uart, stops)
    else:
        assert isinstance(uart, StatusUart)
        made = status_driver(uart, stops)
    made.enable(True)
    return made


def test_bytes_come_in_order_with_the_status_before_each(driver: Driver) -> None:
    driver.uart.put(b"ab")
    driver.uart.put(b"c")
    taken = []
    while driver.received():
        taken.append(driver.receive())
    assert bytes(taken) == b"abc"
    assert driver.uart.waiting == 0


def test_an_access_that_happens_twice_counts_once(driver: Driver) -> None:
    driver.uart.put(b"ab")
    assert driver.received()
    assert [driver.receive(), driver.receive()] == [ord("a")] * 2
    assert driver.received() and driver.receive() == ord("b")
    driver.transmit(1)
    driver.transmit(1)
    assert driver.uart.sent == b"\1"
    assert driver.transmitted()
    driver.transmit(1)
    assert driver.uart.sent == b"\1\1"


def test_a_disabled_uart_sends_nothing(driver: Driver) -> None:
    driver.enable(False)
    driver.transmit(1)
    assert driver.uart.sent == b""


def test_waiting_is_noticed_and_sending_is_not_waiting(driver: Driver) -> None:
    for _ in range(20):
        driver.transmit(1)
        assert driver.transmitted()
        driver.received()
    assert not driver.stops
    for _ in range(IDLE_POLLS):
        driver.received()
    assert driver.stops


@pytest.mark.parametrize("name", ["stm32-usart-v1", "stm32-usart-v2"])
def test_a_broken_byte_shows_its_framing_error(name: str) -> None:
    uart = UARTS[name](lambda: None)
    assert isinstance(uart, StatusUart)
    layout = uart.LAYOUT
    assert layout.divisor is not None
    uart.put(b"a", broken=True)
    uart.put(b"b")
    assert uart.read(layout.status, 4) & layout.framing_error
    assert uart.read(layout.receive, 4) == ord("a")
    assert not uart.read(layout.status, 4) & layout.framing_error
    uart.write(layout.divisor, 4, 1875)
    assert uart.divisor == 1875


def test_an_nrf_hears_what_came_before_it_was_started() -> None:
    """The host may speak first; the emulator's queue waits for the firmware."""
    uart = NrfUart(lambda: None)
    uart.put(b"x")
    driver = nrf_driver(uart, [])
    driver.enable(True)
    assert driver.received()
    assert driver.receive() == ord("x")


def test_a_uarte_waits_until_its_next_transfer_is_started() -> None:
    uart = NrfUarte(lambda: None)
    driver = uarte_driver(uart, [])
    uart.put(b"xy")
    assert not driver.received(), "nothing was started"
    driver.enable(True)
    assert driver.received()
    uart.write(0x110, 4, 0)
    assert not driver.received(), "the second byte has no transfer yet"
    uart.write(0x000, 4, 1)
    assert driver.received()
    assert driver.receive() == ord("y")
    uart.write(0x120, 4, 0)
    assert not driver.transmitted()


def test_an_nrf_event_stays_until_cleared_and_then_waits_for_the_byte_to_be_read() -> None:
    uart = NrfUart(lambda: None)
    nrf_driver(uart, []).enable(True)
    uart.put(b"xy")
    assert [uart.read(0x108, 4), uart.read(0x108, 4)] == [1, 1]
    uart.write(0x108, 4, 0)
    assert uart.read(0x108, 4) == 0
    assert uart.read(0x518, 4) == ord("x")
    assert uart.read(0x108, 4) == 1
    assert uart.read(0x11C, 4) == 0
