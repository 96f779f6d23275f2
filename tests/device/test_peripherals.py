"""The register models behave like the chip where the firmware looks."""

import pytest

from qmcu.device.families import FAMILIES, RegisterPage
from qmcu.device.peripherals import CoreBlock

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
        ("stm32g4", 0x40021000, 16, 0x40021000, 17),
        ("stm32g4", 0x40021008, 1, 0x40021008, 3),
        ("nrf52", 0x40000000, 0, 0x40000100, 0),
        ("rp2040", 0x40008030, 1, 0x40008038, 2),
        ("rp2040", 0x4000803C, 0, 0x40008044, 1),
        ("rp2350", 0x40010030, 1, 0x40010038, 2),
        ("rp2350", 0x4001003C, 0, 0x40010044, 1),
        ("stm32u5", 0x46020C00, 24, 0x46020C00, 25),
        ("stm32u5", 0x46020C1C, 1, 0x46020C1C, 3),
        ("nrf53", 0x50005000, 0, 0x50005100, 0),
        ("imxrt1060", 0x400D8000, 13, 0x400D8000, 31),
    ],
)
def test_ready_follows_enable(family: str, enable: int, bit: int, status: int, ready: int) -> None:
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


def test_a_reset_is_done_once_it_is_taken_back() -> None:
    page = RegisterPage(0x4000C000, FAMILIES["rp2040"])
    assert page.read(0x8, 4) == 0
    page.write(0x0, 4, 0x01FFFFFF & ~(1 << 22))
    assert page.read(0x8, 4) == 1 << 22


def test_an_rp2040_pll_locks_when_it_has_power_and_the_crystal_when_it_is_told_the_word() -> None:
    page = RegisterPage(0x40028000, FAMILIES["rp2040"])
    assert not page.read(0, 4) >> 31
    page.write(0x4, 4, 0x2D & ~(1 << 5 | 1))
    assert page.read(0, 4) == 1 << 31 | 1
    crystal = RegisterPage(0x40024000, FAMILIES["rp2040"])
    crystal.write(0, 4, 0xD1E << 12 | 0xAA0)
    assert not crystal.read(4, 4) >> 31
    crystal.write(0, 4, 0xFAB << 12 | 0xAA0)
    assert crystal.read(4, 4) >> 31


def test_the_booster_of_an_stm32u5_is_ready_only_where_it_has_a_clock() -> None:
    page = RegisterPage(0x46020000, FAMILIES["stm32u5"])
    page.write(0x80C, 4, 3 << 16 | 1 << 18)
    assert page.read(0x80C, 4) & 3 << 14 == 1 << 15
    page.write(0xC28, 4, 1 << 18 | 1)
    assert page.read(0x80C, 4) & 3 << 14 == 3 << 14


def test_a_k64_goes_from_its_own_clock_to_the_pll() -> None:
    """FEI, FBE, PBE, PEE: what S shows for C1.CLKS, C1.IREFS and C6.PLLS."""
    mcg = RegisterPage(0x40064000, FAMILIES["k64"])

    def status() -> int:
        return mcg.read(6, 1) & 0xFF

    assert status() & 0x1C == 0x10
    mcg.write(0, 1, 2 << 6 | 5 << 3)
    assert status() & 0x1C == 0x08
    mcg.write(5, 1, 1 << 6)
    assert status() & 0x60 == 0x60
    mcg.write(0, 1, 5 << 3)
    assert status() & 0x1C == 0x0C
    assert mcg.read(5, 1) & 0xFF == 1 << 6


class Systick:
    CSR, RVR, CVR = 0xE010, 0xE014, 0xE018

    def __init__(self, control: int) -> None:
        self.now, self.ticks = 1000, 0
        self.core = CoreBlock("cortex-m0plus", lambda: self.now, lambda: None, self.tick)
        self.core.write(self.RVR, 4, 99)
        self.core.write(self.CVR, 4, 0)
        self.core.write(self.CSR, 4, control)

    def tick(self) -> None:
        self.ticks += 1


def test_systick_counts_down_and_its_exceptions_wait_until_they_are_taken() -> None:
    systick = Systick(control=7)
    assert systick.core.read(Systick.CVR, 4) == 99
    systick.now += 30
    assert systick.core.read(Systick.CVR, 4) == 69
    assert systick.core.exceptions_due == systick.ticks == 0
    systick.now += 300
    assert systick.core.read(Systick.CVR, 4) == 69
    assert (systick.core.exceptions_due, systick.ticks) == (3, 1)
    systick.core.exceptions_taken(3)
    assert systick.core.read(Systick.CVR, 4) == 69
    assert (systick.core.exceptions_due, systick.ticks) == (0, 1)


def test_systick_that_is_off_or_without_exception_asks_for_none() -> None:
    for control in (0, 5, 2):
        systick = Systick(control)
        systick.now += 1000
        systick.core.read(Systick.CVR, 4)
        assert (systick.core.exceptions_due, systick.ticks) == (0, 0)
    assert Systick(0).core.read(Systick.CVR, 4) == 0
