"""Boards: every file is right, every mistake in one is named with file and key."""

from pathlib import Path

import pytest

from qmcu import documents
from qmcu.board import Board, list_boards, load_board
from qmcu.board.fields import pin_numbers
from qmcu.errors import BoardError
from qmcu.resources import boards_directory

EXPECTED = {
    "arduino-nano-33-ble", "b-u585i-iot02a", "ek-ra8d1", "frdm-k64f", "mps2-an385", "mps2-an386",
    "mps2-an500", "mps2-an505", "mps3-an547", "netduinoplus2", "nrf52840-dk", "nrf5340-dk",
    "nucleo-f429zi", "nucleo-f446re", "nucleo-f767zi", "nucleo-g474re", "nucleo-h743zi",
    "nucleo-l4r5zi", "nucleo-u575zi-q", "portenta-h7", "rp2350", "rpi-pico", "stm32f407",
    "stm32f746", "stm32n6570-dk", "teensy41",
}  # fmt: skip
GOOD = (boards_directory() / "stm32f746.toml").read_text().replace("renode = ", "# renode = ")


def test_every_board_of_the_product_loads_and_survives_json() -> None:
    boards = list_boards()
    assert {board.name for board in boards} >= EXPECTED
    for board in boards:
        assert documents.parse(documents.indented(board), Board) == board
        assert board.emulators or board.not_emulated
        assert board.core.flags[0] == f"-mcpu={board.core.compile_for or board.core.cpu}"


def test_the_flagship() -> None:
    board = load_board("stm32f746")
    assert board.core.flags == (
        "-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16",
    )  # fmt: skip
    assert board.core.has_dsp
    assert not board.core.has_mve
    assert (board.flash.size, board.ram.size) == (1 << 20, 320 << 10)
    macros = dict(board.macros)
    assert macros["QMCU_UART_TX_PORT"] == "0u"
    assert macros["QMCU_UART_RX_PORT"] == "1u"
    assert macros["QMCU_UART_RX_PIN"] == "7u"


def test_external_memories_are_described_and_apart() -> None:
    board = load_board("stm32f746")
    flash, ram = board.external
    assert (board.external_flash, board.external_ram) == (flash, ram)
    assert (flash.start, flash.size, flash.region) == (0x9000_0000, 16 << 20, "external_flash")
    assert (ram.start, ram.size, ram.region) == (0xC000_0000, 8 << 20, "external_ram")
    # 2 banks of bits for 16-bit words: columns, rows, four banks.
    bits = ram.settings["COLUMN_BITS"] + ram.settings["ROW_BITS"] + 2
    assert (ram.settings["BUS_BITS"] // 8) << bits == ram.size
    # 12 address, 2 bank, 16 data and 2 mask lines; clock, its enable, select, row, column, write.
    assert len(ram.pins) == 12 + 2 + 16 + 2 + 6
    assert len(flash.pins) == 6
    assert dict(ram.macros)["QMCU_EXTERNAL_RAM_PINS"].startswith("{{2, 3, 12}, {3, 0, 12}, ")


def test_a_core_without_fpu_uses_the_soft_abi() -> None:
    board = load_board("mps2-an385")
    assert board.core.flags == ("-mcpu=cortex-m3", "-mthumb", "-mfloat-abi=soft")
    assert not board.core.has_dsp


def test_a_typo_suggests_the_nearest_board() -> None:
    with pytest.raises(
        BoardError, match=r"Did you mean stm32f746\? Boards: arduino-nano-33-ble, b-u585i-iot02a, "
    ):
        load_board("stm32f764")
    with pytest.raises(BoardError, match=r"there is no board 'xyz'\. Boards: "):
        load_board("xyz")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('cpu = "cortex-m7"', 'cpu = "cortex-m99"', "core.cpu is 'cortex-m99'; give one of"),
        ('cpu = "cortex-m7"', "", "core.cpu is missing"),
        ("baud = 115_200", "baud = 1", "uart.baud is 1; give 1200 to"),
        ("baud = 115_200", 'baud = "fast"', "uart.baud is 'fast'; give an integer"),
        ('tx = "PA9"', 'tx = "9"', "uart.tx is '9'; give a pin such as PA9"),
        ('kind = "ram"', 'kind = "flash"', "memory has 2 memories of kind flash"),
        ('tx = "PA9"', 'tx = "PA32"', "uart.tx is 'PA32'; give a pin such as PA9"),
        ("unicorn = true", "unicorn = true\nspeed = 1", "emulators.speed is no known key"),
        ("unicorn = true", "", "emulators.none says why nothing runs the image; give it, or an"),
        ("unicorn = true", 'unicorn = true\nnone = "lost"', "emulators.none says why nothing runs"),
        ("[emulators]", "[sections]\nBoot = 0\n[emulators]", "sections.Boot is no lower-case name"),
        ("[emulators]", "[sections]\nboot2 = 0\n[emulators]", "sections.boot2 is where vectors is"),
        ("[emulators]", "[sections]\nx = 0x100000\n[emulators]", "sections.x is 0x100000, beyond"),
        ("PLL_N = 432", "PLL_N = -1", "port.settings.PLL_N is -1"),
        ("[core]", "[core", "is not valid TOML"),
        ('driver = "stm32-fmc-sdram"', "", "memory[2].driver is missing"),
        ('"stm32-fmc-sdram"', '"stm32-quadspi-n25q"', "memory[2].driver is 'stm32-quadspi-n25q'"),
        ('"PC3"', '"PC33"', "memory[2].pins.AF12 has 'PC33', no pin such as PA9"),
        ("AF12 =", "AF16 =", "memory[2].pins.AF16 is no known key"),
        ("writers = { openocd", "writers = { hammer", "memory[3].writers.hammer is no known key"),
        ("size = 0x80_0000", "size = 0x80_0400", "memory[2].size is no power of two"),
        ("0xC000_0000", "0x9000_0000", "memory has two memories that both hold 0x90000000"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(BoardError) as caught:
        load_board(str(file))
    assert problem in str(caught.value)
    assert str(caught.value).startswith(str(file))


def test_a_board_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(GOOD.replace('name = "stm32f746"', 'name = "mine"', 1))
    assert load_board(str(file)).name == "mine"
    with pytest.raises(BoardError, match=r"absent\.toml cannot be read"):
        load_board(str(tmp_path / "absent.toml"))


@pytest.mark.parametrize(
    ("pin", "numbers"),
    [
        ("PA9", (0, 9)), ("PK15", (10, 15)), ("PTB17", (1, 17)), ("P0.06", (0, 6)),
        ("P1.15", (1, 15)), ("P209", (2, 9)), ("P10_14", (10, 14)), ("GP1", (0, 1)),
    ],
)  # fmt: skip
def test_pins_as_the_vendors_write_them(pin: str, numbers: tuple[int, int]) -> None:
    assert pin_numbers(pin) == numbers


@pytest.mark.parametrize("pin", ["", "9", "A9", "PA", "PZ1", "PA32", "P0.6", "GP", "GP32", "P06x"])
def test_what_is_no_pin(pin: str) -> None:
    with pytest.raises(ValueError):
        pin_numbers(pin)
