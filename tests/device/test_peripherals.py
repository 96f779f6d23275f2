"""The register models behave like the chip where the firmware looks."""

import pytest

from qmcu.device.peripherals import (
    FAMILIES,
    IDLE_POLLS,
    UART_LAYOUTS,
    CoreBlock,
    RegisterPage,
    Uart,
)

RXNE, TXE = 1 << 5, 1 << 7


@pytest.fixture(params=UART_LAYOUTS)
def version(request):
    return request.param


@pytest.fixture
def uart(version):
    stops = []
    uart = Uart(version, lambda: stops.append(True))
    uart.stops = stops
    layout = UART_LAYOUTS[version]
    uart.status = lambda: uart.read(layout.status, 4)
    uart.receive = lambda: uart.read(layout.receive, 4)
    uart.transmit = lambda byte: uart.write(layout.transmit, 4, byte)
    uart.enable = lambda bits: uart.write(layout.cr1, 4, bits)
    uart.enable(layout.enabled)
    return uart


def test_bytes_come_in_order_with_the_status_before_each(uart) -> None:
    uart.put(b"ab")
    uart.put(b"c")
    taken = []
    while uart.status() & RXNE:
        taken.append(uart.receive())
    assert bytes(taken) == b"abc"


def test_an_access_that_happens_twice_counts_once(uart) -> None:
    uart.put(b"ab")
    assert uart.status() & RXNE
    assert [uart.receive(), uart.receive()] == [ord("a")] * 2
    assert uart.status() & RXNE and uart.receive() == ord("b")
    assert uart.status() & TXE
    uart.transmit(1)
    uart.sent.clear()
    uart.transmit(1)
    assert uart.sent == b""
    assert uart.status() & TXE
    uart.transmit(1)
    assert uart.sent == b"\1"


def test_a_disabled_uart_sends_nothing(uart) -> None:
    uart.enable(0)
    uart.transmit(1)
    assert uart.sent == b""


def test_waiting_is_noticed_and_sending_is_not_waiting(uart) -> None:
    for _ in range(20):
        uart.status()
        uart.transmit(1)
    assert not uart.stops
    for _ in range(IDLE_POLLS):
        uart.status()
    assert uart.stops


F_RCC, F_PWR = 0x40023800, 0x40007000


@pytest.mark.parametrize(
    ("family", "enable", "bit", "status", "ready"),
    [
        ("stm32f4", F_RCC, 16, F_RCC, 17),
        ("stm32f4", F_RCC, 24, F_RCC, 25),
        ("stm32f4", F_RCC + 8, 1, F_RCC + 8, 3),
        ("stm32f7", F_PWR, 16, F_PWR + 4, 16),
        ("stm32f7", F_PWR, 17, F_PWR + 4, 17),
        ("stm32l4", 0x40021000, 24, 0x40021000, 25),
        ("stm32l4", 0x40021000, 8, 0x40021000, 10),
        ("stm32h7", 0x58024400, 24, 0x58024400, 25),
        ("stm32h7", 0x58024410, 0, 0x58024410, 3),
    ],
)
def test_ready_follows_enable(family, enable, bit, status, ready) -> None:
    page = RegisterPage(enable & -0x1000, FAMILIES[family])
    before = page.read(enable & 0xFFF, 4)
    page.write(enable & 0xFFF, 4, before & ~(1 << bit))
    assert not page.read(status & 0xFFF, 4) >> ready & 1
    page.write(enable & 0xFFF, 4, before | 1 << bit)
    assert page.read(status & 0xFFF, 4) >> ready & 1


def test_registers_remember_by_byte() -> None:
    page = RegisterPage(0x40020000, FAMILIES["stm32f4"])
    page.write(0x20, 4, 0x11223344)
    page.write(0x21, 1, 0xAA)
    assert page.read(0x20, 4) == 0x1122AA44
    assert page.read(0x22, 2) & 0xFFFF == 0x1122


def test_the_counter_can_be_set_and_wraps() -> None:
    counts = iter([100, 150, 150 + (1 << 32)])
    core = CoreBlock("cortex-m7", lambda: next(counts), lambda: None)
    core.write(0x1004, 4, 0)
    assert [core.read(0x1004, 4), core.read(0x1004, 4)] == [50, 50]


def test_reset_requests_and_the_fpu_are_noticed() -> None:
    resets = []
    core = CoreBlock("cortex-m4", lambda: 0, lambda: resets.append(True))
    assert not core.fpu_enabled
    core.write(0xED88, 4, 0xF << 20)
    assert core.fpu_enabled
    core.write(0xED0C, 4, 0x05FA0300)
    assert not resets
    core.write(0xED0C, 4, 0x05FA0004)
    assert resets
