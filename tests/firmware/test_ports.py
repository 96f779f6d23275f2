"""What single chips need beside vectors and a clock: boot stage, configuration, watchdog, rates."""

import dataclasses
import re
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
from tests.support.firmware_project import describe_anew
from tests.support.fixtures import Builder
from tests.support.lookup_plan import ADDED, SIZE, two_layers
from tests.support.projects import finish_build
from tests.support.uf2 import read_uf2

from qmcu.board import Board, list_boards, load_board
from qmcu.builder.firmware import finish_image
from qmcu.codegen import generate_project
from qmcu.device.families import FAMILIES, RegisterPage
from qmcu.device.image import read_image
from qmcu.device.targets import open_session
from qmcu.device.unicorn import UnicornLink
from qmcu.errors import DeviceError, ToolError
from qmcu.firmware import Firmware
from qmcu.resources import boards_directory

UNICORN = [board for board in list_boards() if board.unicorn]
# 200,000 times 100 NOPs and two more: SysTick, of 24 bits, wraps.
LONG = """{ uint32_t n = 200000;
    __asm volatile("1:\\n.rept 100\\nnop\\n.endr\\nsub %0, #1\\nbne 1b" : "+l"(n) : : "cc"); }"""
LONG_COUNT = 200_000 * 102


def link_of(session: Any) -> UnicornLink:
    assert isinstance(session.link, UnicornLink)
    return session.link


def word(session: Any, address: int) -> int:
    return int.from_bytes(link_of(session)._emulator.mem_read(address, 4), "little")


def test_the_boot_stage_sets_the_flash_interface_up(firmware: Builder) -> None:
    with open_session("unicorn", Firmware.load(firmware("rpi-pico"))) as session:
        # SSIENR on; BAUDR even; CTRLR0 32-bit frames, EEPROM read; 03h with 24 bits of address.
        assert word(session, 0x18000008) == 1
        assert word(session, 0x18000014) == 4
        assert word(session, 0x18000000) == 31 << 16 | 3 << 8
        assert word(session, 0x18000004) == 0
        assert word(session, 0x180000F4) == 0x03 << 24 | 2 << 8 | 6 << 2
        # It was copied to the end of RAM and handed the vector table over.
        assert word(session, 0x20041F00) == word(session, 0x10000000)
        assert word(session, 0xE000ED08) == 0x10000100


def test_a_wrong_checksum_stops_build_and_boot(firmware: Builder, tmp_path: Path) -> None:
    board = load_board("rpi-pico")
    directory = tmp_path / "pico"
    shutil.copytree(firmware("rpi-pico"), directory)
    for name in ("firmware.bin", "firmware.elf"):
        data = (directory / name).read_bytes()
        right = (0x67628435).to_bytes(4, "little")
        assert data.count(right) == 1
        (directory / name).write_bytes(data.replace(right, bytes(4)))
    with pytest.raises(ToolError, match="carries the checksum 0x00000000, its bytes give 0x6762"):
        finish_image(directory / "firmware.bin", board)
    assert not (directory / "firmware.uf2").exists()
    with pytest.raises(DeviceError, match="boot ROM would not start this image: the boot stage"):
        describe_anew(directory, directory / "firmware.elf")
        open_session("unicorn", Firmware.load(directory))


def test_the_uf2_file_holds_the_image(firmware: Builder, tmp_path: Path) -> None:
    directory = tmp_path / "pico"
    shutil.copytree(firmware("rpi-pico"), directory)
    finish_image(directory / "firmware.bin", load_board("rpi-pico"))
    start, data = read_uf2((directory / "firmware.uf2").read_bytes(), 0xE48BFF56)
    image = (directory / "firmware.bin").read_bytes()
    assert start == 0x10000000
    assert data[: len(image)] == image


def test_an_image_definition_says_what_the_rp2350_starts(firmware: Builder, tmp_path: Path) -> None:
    board = load_board("rp2350")
    directory = tmp_path / "pico2"
    shutil.copytree(firmware("rp2350"), directory)
    image = (directory / "firmware.bin").read_bytes()
    # The datasheet's smallest definition of an Arm image (5.9.5.1), behind the vector table.
    words = (0xFFFFDED3, 0x10210142, 0x000001FF, 0x00000000, 0xAB123579)
    assert image[0x40:0x54] == b"".join(word.to_bytes(4, "little") for word in words)
    finish_image(directory / "firmware.bin", board)
    start, data = read_uf2((directory / "firmware.uf2").read_bytes(), 0xE48BFF59)
    assert (start, data[: len(image)]) == (0x10000000, image)
    for name in ("firmware.bin", "firmware.elf"):
        data = (directory / name).read_bytes()
        marker = words[0].to_bytes(4, "little")
        assert data.count(marker) == 1
        (directory / name).write_bytes(data.replace(marker, bytes(4)))
    with pytest.raises(ToolError, match="hold no block of an image definition; correct image_def"):
        finish_image(directory / "firmware.bin", board)
    describe_anew(directory, directory / "firmware.elf")
    with pytest.raises(DeviceError, match="the RP2350's boot ROM would not start this image: its"):
        open_session("unicorn", Firmware.load(directory))


def test_the_imxrt_begins_as_its_tables_say(firmware: Builder, tmp_path: Path) -> None:
    """FCFB, the image vector table and its boot data; the ROM's call sets the stack."""
    directory = tmp_path / "teensy"
    shutil.copytree(firmware("teensy41"), directory)
    image = (directory / "firmware.bin").read_bytes()
    assert image[:8] == b"FCFB" + (0x56010000).to_bytes(4, "little")
    assert image[0x50:0x54] == (8 << 20).to_bytes(4, "little")
    # LUT 0: command EBh; address by 4 lines; mode FFh; 4 dummy cycles; read by 4 lines.
    assert image[0x80:0x8C].hex() == "eb04180aff1e043204260000"
    table = struct.unpack("<11I", image[0x1000:0x102C])
    assert table[0] == 0x432000D1
    assert table[2:] == (0, 0, 0x60001020, 0x60001000, 0, 0, 0x60000000, 8 << 20, 0)
    elf = read_image(directory / "firmware.elf")
    assert table[1] & 1 and elf.function_at(table[1]) == "qmcu_boot"
    content = (directory / "firmware.elf").read_bytes()
    assert content.count(b"FCFB") == 1
    (directory / "firmware.elf").write_bytes(content.replace(b"FCFB", bytes(4)))
    describe_anew(directory, directory / "firmware.elf")
    with pytest.raises(
        DeviceError, match=r"the i\.MX RT's boot ROM would not start this image: fl"
    ):
        open_session("unicorn", Firmware.load(directory))


def test_the_nrf53_trims_itself_and_keeps_its_debug_port(
    firmware: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    trimmed = FAMILIES["nrf53"]
    pair = {0xFF0300: 0x50005FF0, 0xFF0304: 0x1234}
    more = dataclasses.replace(trimmed, reset={**trimmed.reset, **pair})
    monkeypatch.setitem(FAMILIES, "nrf53", more)
    with open_session("unicorn", Firmware.load(firmware("nrf5340-dk"))) as session:
        assert word(session, 0x50005FF0) == 0x1234
        assert word(session, 0x50006544) == word(session, 0x5000654C) == 0xFFFFFFFF
        # HFXO, undivided; the cache is on; TXD and RXD.
        assert (word(session, 0x50005514), word(session, 0x50005558)) == (1, 0)
        assert word(session, 0x50001500) == 1
        assert (word(session, 0x5000850C), word(session, 0x50008514)) == (20, 22)


def test_no_other_board_gets_a_uf2_file(firmware: Builder, tmp_path: Path) -> None:
    directory = tmp_path / "nrf"
    shutil.copytree(firmware("nrf52840-dk"), directory)
    finish_image(directory / "firmware.bin", load_board("nrf52840-dk"))
    assert not (directory / "firmware.uf2").exists()


def test_systick_counts_on_through_its_wraps(firmware: Builder) -> None:
    with open_session("unicorn", Firmware.load(firmware("rpi-pico"))) as session:
        short = session.profile([bytes(SIZE)])
    with open_session("unicorn", Firmware.load(firmware("rpi-pico", LONG))) as session:
        long = session.profile([bytes(SIZE)])
        assert session.infer([bytes(SIZE)]).outputs == long.outputs == short.outputs
    assert LONG_COUNT > 1 << 24
    assert LONG_COUNT <= long.layers[0] - short.layers[0] <= LONG_COUNT + 20
    assert abs(long.layers[1] - short.layers[1]) <= 20


def test_the_k64_reads_its_configuration(firmware: Builder) -> None:
    image = (firmware("frdm-k64f") / "firmware.bin").read_bytes()
    # Key, FPROT, FSEC (unsecured: SEC is 10), FOPT (no NMI pin: bit 2 clear), FEPROT, FDPROT.
    assert image[0x400:0x410] == b"\xff" * 12 + b"\xfe\xfb\xff\xff"


def test_the_k64_stops_its_watchdog_first(
    firmware: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[tuple[int, int, int]] = []
    write = RegisterPage.write

    def spy(page: RegisterPage, offset: int, size: int, value: int) -> None:
        writes.append((page._address + offset, size, value))
        write(page, offset, size, value)

    monkeypatch.setattr(RegisterPage, "write", spy)
    with open_session("unicorn", Firmware.load(firmware("frdm-k64f"))):
        pass
    assert writes[:3] == [
        (0x4005200E, 2, 0xC520), (0x4005200E, 2, 0xD928), (0x40052000, 2, 0x01D2),
    ]  # fmt: skip


def on_m33(name: str, core: str, folder: Path) -> Path:
    """A board's firmware for a Cortex-M33, which Unicorn knows: its port, not its kernels."""
    text = (boards_directory() / f"{name}.toml").read_text()
    none = re.search(r"^none = .*$", text, re.MULTILINE)
    assert none is not None
    for old, new in (
        (core, 'cpu = "cortex-m33"'),
        (none[0], "unicorn = true"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    file = folder / "m33.toml"
    file.write_text(text)
    board = load_board(str(file))
    directory = folder / "firmware"
    directory.mkdir()
    plan = two_layers()
    generate_project(plan, board, b"model", directory)
    return finish_build(directory, plan, board.name)


def test_the_steps_of_the_ra8_port(tmp_path: Path) -> None:
    core = 'cpu = "cortex-m85"\ncompile_for = "cortex-m55"\nfpu = "auto"'
    with open_session("unicorn", Firmware.load(on_m33("ek-ra8d1", core, tmp_path))) as session:
        assert session.hello.clock_hz == 480_000_000
        outputs = session.infer([bytes(SIZE)]).outputs
        assert bytes(outputs[0]) == bytes([ADDED] * SIZE)
        assert word(session, 0x4001E020) == 0x31122332
        assert word(session, 0x4001E024) & 0xFF00FF == 5 << 16
        assert word(session, 0x4001E028) & 0xFFFF == 95 << 8 | 1
        # TXD9 and RXD9 with PSEL 5 and PMR; the stop bit of SCI9 is cleared; all is locked again.
        for pin in (14, 15):
            assert word(session, 0x40400800 + 0x40 * 10 + 4 * pin) == 5 << 24 | 1 << 16
        assert word(session, 0x40203004) == 0xFFFFFFFF & ~(1 << 22)
        assert word(session, 0x4001E3F8) >> 16 == 0xA500
        assert word(session, 0x40400D14) & 0xFF == 1 << 7
        brr = link_of(session).uart._registers[0x10] >> 8 & 0xFF
        assert 120_000_000 / (8 * (brr + 1)) == pytest.approx(115_200, rel=0.005)


def test_the_steps_of_the_stm32n6_port(tmp_path: Path) -> None:
    core = 'cpu = "cortex-m55"\nfpu = "auto"'
    with open_session("unicorn", Firmware.load(on_m33("stm32n6570-dk", core, tmp_path))) as session:
        assert session.hello.clock_hz == 64_000_000 // 4 * 75 // 2 == 600_000_000
        assert bytes(session.infer([bytes(SIZE)]).outputs[0]) == bytes([ADDED] * SIZE)
        rcc = 0x56028000
        # Core and buses by IC1, IC2, IC6 and IC11; the boot ROM's bypass is off; HCLK is halved.
        assert word(session, rcc + 0x20) == 0x3333_0000
        assert word(session, rcc + 0x80) == 4 << 20 | 75
        assert word(session, rcc + 0x24) == 1 << 20
        assert word(session, rcc + 0xA40) == 1 << 10 | 1 << 5 | 1 << 1 | 1
        assert [word(session, rcc + at) >> 16 for at in (0xC4, 0xC8, 0xD8, 0xEC)] == [1, 2, 3, 2]
        # GPIOE and USART1 by their set registers; PE5 and PE6 with function 7.
        assert (word(session, rcc + 0xA5C), word(session, rcc + 0xA6C)) == (1 << 4, 1 << 4)
        assert word(session, 0x56021020) == 7 << 20 | 7 << 24
        assert word(session, 0x56021000) == 2 << 10 | 2 << 12
        brr = link_of(session).uart._registers[0x0C]
        assert 200_000_000 / brr == pytest.approx(115_200, rel=0.005)


def rate(board: Board, session: Any) -> float:
    """The bit rate that the UART's registers stand for, from the reference manuals' formulas."""
    registers = link_of(session).uart._registers
    base_hz = board.clock_hz
    match board.uart.driver:
        case "stm32-usart-v1":
            return base_hz / apb(board) / registers[0x08]
        case "stm32-usart-v2":
            scale = 256 if board.uart.settings.get("IS_LPUART") else 1
            return base_hz / apb(board) * scale / registers[0x0C]
        case "kinetis-uart":
            divisor = (registers[0] & 0x1F) << 8 | registers[1]
            return base_hz / (16 * (divisor + (registers[0x0A] & 0x1F) / 32))
        case "pl011":
            return base_hz / (16 * (registers[0x24] + registers[0x28] / 64))
        case "imxrt-lpuart":
            samples = (registers[0x10] >> 24 & 31) + 1
            return 24_000_000 / (samples * (registers[0x10] & 0x1FFF))
        case "nrf-uart" | "nrf-uarte":
            return registers[0x524] * 16_000_000 / (1 << 32)
    raise AssertionError(board.uart.driver)


def apb(board: Board) -> int:
    """How much slower than the core the UART's bus is."""
    if board.family in ("stm32f4", "stm32f7"):
        return 2 if board.uart.settings["ON_APB2"] else 4
    return {"stm32h7": 4, "stm32l4": 1, "stm32g4": 1, "stm32u5": 1}[board.family]


@pytest.mark.parametrize("board", UNICORN, ids=lambda board: board.name)
def test_the_bit_rate_is_right(firmware: Builder, board: Board) -> None:
    with open_session("unicorn", Firmware.load(firmware(board.name))) as session:
        assert rate(board, session) == pytest.approx(board.uart.baud, rel=0.005)
