"""Every board: the image is laid out as its chip wants it, and runs where something can run it."""

import shutil
import struct

import pytest
from tests.support.fixtures import Builder
from tests.support.lookup_plan import ADDED, SIZE

from qmcu.board import Board, list_boards
from qmcu.builder.elf_layout import read_layout
from qmcu.device.image import read_image
from qmcu.device.targets import open_session
from qmcu.firmware import Firmware

BOARDS = list_boards()
# Renode has tests of its own.
EMULATORS = ("unicorn", "qemu")
RUNS = [(board, target) for board in BOARDS for target in EMULATORS if target in board.emulators]


def name(value: Board | str) -> str:
    return value if isinstance(value, str) else value.name


@pytest.mark.parametrize("board", BOARDS, ids=name)
def test_the_image_begins_as_the_core_expects(firmware: Builder, board: Board) -> None:
    directory = firmware(board.name)
    image = read_image(directory / "firmware.elf")
    stack, reset = struct.unpack("<2I", image.bytes_at(board.vectors, 8))
    assert board.ram.start < stack <= board.ram.end
    assert stack % 8 == 0
    # The vector table's address needs as many low zero bits as 16 entries have, VTOR at least 7.
    assert board.vectors % 128 == 0
    assert reset & 1
    assert image.function_at(reset) == "qmcu_reset"
    places = {s.name: s.address for s in read_layout(directory / "firmware.elf").sections}
    for section, address in board.fixed_sections:
        assert places[f".{section}"] == address
    flashed = (directory / "firmware.bin").read_bytes()
    assert flashed[board.sections["vectors"] :][:8] == struct.pack("<2I", stack, reset)


@pytest.mark.parametrize(("board", "target"), RUNS, ids=name)
def test_the_image_reaches_its_clock_and_computes(
    firmware: Builder, board: Board, target: str
) -> None:
    if target == "qemu" and shutil.which("qemu-system-arm") is None:
        pytest.skip("qemu-system-arm is not installed")
    data = bytes(range(256)) * 2 + bytes(SIZE - 512)
    with open_session(target, Firmware.load(firmware(board.name))) as session:
        assert session.hello.board == board.name
        # QEMU's netduinoplus2 has no clock tree.
        if (board.name, target) != ("netduinoplus2", "qemu"):
            assert session.hello.clock_hz == board.clock_hz
        result = session.profile([data])
        assert bytes(result.outputs[0]) == bytes((b + ADDED) & 255 for b in data)
        assert result.unit == "instructions"
        assert result.total > SIZE
