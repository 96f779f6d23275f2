"""What the port of an STM32F7 leaves in the controllers of memories outside the chip."""

from pathlib import Path

import pytest
from tests.support.firmware_project import write_wide

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.codegen.places import Places
from qmcu.device.targets import unicorn_machine
from qmcu.device.unicorn import UnicornLink
from qmcu.firmware import Firmware

FMC, QUADSPI, RCC, GPIO, MPU = 0xA0000000, 0xA0001000, 0x40023800, 0x40020000, 0xE000ED90


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> UnicornLink:
    folder: Path = tmp_path_factory.mktemp("controllers")
    options = BuildOptions(places=Places(weights=True, arena=True))
    build_firmware(write_wide(folder), load_board("stm32f746"), folder / "firmware", options)
    firmware = Firmware.load(folder / "firmware")
    link = UnicornLink(firmware.image, unicorn_machine(firmware.board))
    assert link.read(30)
    return link


def word(link: UnicornLink, address: int) -> int:
    return int.from_bytes(link._emulator.mem_read(address, 4), "little")


def test_sdram(link: UnicornLink) -> None:
    # RM0385, FMC_SDCR1: 8 columns, 12 rows, 16 bits, 4 banks, CAS 3, HCLK / 2, bursts read ahead.
    assert word(link, FMC + 0x140) == 1 << 2 | 1 << 4 | 1 << 6 | 3 << 7 | 2 << 10 | 1 << 12
    # FMC_SDTR1: each a cycle less.
    cycles = {0: 2, 4: 8, 8: 5, 12: 7, 16: 3, 20: 2, 24: 2}
    assert word(link, FMC + 0x148) == sum(n - 1 << at for at, n in cycles.items())
    # A row every 15.625 us of 108 MHz, 20 cycles early.
    assert word(link, FMC + 0x154) == 1667 << 1
    # The mode register went to bank 1 last: CAS 3, bursts of 1, writes of 1.
    assert word(link, FMC + 0x150) == 4 | 1 << 4 | 0x230 << 9
    assert not word(link, FMC) & 1


def test_quadspi(link: UnicornLink) -> None:
    # FSIZE 23 is 16 MiB; divided by 3; mapped, EBh, 24-bit address and data by four lines.
    assert word(link, QUADSPI + 0x04) == 23 << 16 | 3 << 8
    assert word(link, QUADSPI) == 2 << 24 | 1 << 4 | 1
    assert word(link, QUADSPI + 0x14) == (
        3 << 26 | 3 << 24 | 10 << 18 | 2 << 12 | 3 << 10 | 1 << 8 | 0xEB
    )


def test_clocks_pins_and_protection(link: UnicornLink) -> None:
    assert word(link, RCC + 0x38) == 0b11
    # PH3 and PH5, the only ones there, as AF12; PB6 as AF10.
    assert word(link, GPIO + 7 * 0x400) == 2 << 6 | 2 << 10
    assert word(link, GPIO + 7 * 0x400 + 0x20) == 12 << 12 | 12 << 20
    assert word(link, GPIO + 0x400 + 0x20) >> 24 & 15 == 10
    # The region set last is the flash: 16 MiB, read only, cached, nothing executed.
    assert word(link, MPU + 0x0C) == 0x9000_0000
    assert word(link, MPU + 0x10) == 1 << 28 | 6 << 24 | 1 << 19 | 3 << 16 | 23 << 1 | 1
    assert word(link, MPU + 0x04) == 0b101
