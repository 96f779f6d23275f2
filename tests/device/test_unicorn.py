"""The in-process emulator: speed does not change the bytes, and every crash has a name."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from tests.device.conftest import BOARDS
from tests.support.firmware_project import write_chain
from tests.support.fixtures import Guest

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.device import unicorn
from qmcu.device.counter import count_instructions
from qmcu.device.targets import open_session, unicorn_machine
from qmcu.device.unicorn import UnicornLink
from qmcu.errors import DeviceError, GuestFault
from qmcu.firmware import Firmware

STM32 = [board for board in BOARDS if board.startswith("stm32")]


@pytest.fixture(params=STM32)
def board(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def link(guest: Guest, board: str) -> UnicornLink:
    return start(guest, board)


def start(guest: Guest, board: str, limit_s: float = 30.0) -> UnicornLink:
    link = UnicornLink(guest(board), unicorn_machine(load_board(board)), limit_s)
    assert link.read(5) == b"!"
    return link


def ask(link: UnicornLink, command: bytes, length: int = 1) -> bytes:
    link.write(command)
    answer = b""
    while len(answer) < length:
        data = link.read(20)
        assert data
        answer += data
    return answer


def checksum(data: bytes) -> bytes:
    total = 0
    for byte in data:
        total = (total * 31 + byte) & 0xFFFFFFFF
    return total.to_bytes(4, "little")


def bulk(data: bytes) -> bytes:
    return b"n" + len(data).to_bytes(3, "little") + data


def test_it_answers_and_then_waits(link: UnicornLink) -> None:
    assert ask(link, b"z") == b"z"
    assert link.read(60) == b""
    assert ask(link, b"y") == b"y"


def test_every_byte_arrives_once_however_often_it_is_stopped(
    link: UnicornLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unicorn, "_SLICE_S", 0.0005)
    data = os.urandom(60_000)
    assert ask(link, bulk(data), 4) == checksum(data)


def test_the_uart_is_fast_enough_for_many_vectors(link: UnicornLink) -> None:
    data = bytes(range(256)) * 800
    started = time.process_time()
    assert ask(link, bulk(data), 4) == checksum(data)
    assert len(data) / (time.process_time() - started) > 100_000


def test_instructions_are_counted_exactly_and_only_when_wanted(link: UnicornLink) -> None:
    assert ask(link, b"c", 4) == bytes(4)
    link.counting(True)
    once = int.from_bytes(ask(link, b"c", 4), "little")
    twice = int.from_bytes(ask(link, b"C", 4), "little")
    link.counting(False)
    assert twice - once == 3 * 1000
    assert ask(link, b"c", 4) == bytes(4)


CRASHES = {
    b"r": ("read of 0x60000010", "bad_read"),
    b"w": ("write to 0x08000000", "read-only", "flash_write"),
    b"x": ("jump to 0x30000000", "wild_jump"),
    b"u": ("undefined instruction", "undefined"),
    b"b": ("BKPT", "breakpoint"),
    b"d": ("stack overflow", "deep", "below the stack's memory"),
}


@pytest.mark.parametrize("command", CRASHES, ids=bytes.decode)
def test_a_crash_names_cause_address_and_function(link: UnicornLink, command: bytes) -> None:
    link.write(command)
    with pytest.raises(GuestFault) as caught:
        while True:
            assert link.read(5) == b""
    for words in CRASHES[command]:
        assert words in str(caught.value)
    with pytest.raises(GuestFault):
        link.check()
    with pytest.raises(GuestFault):
        link.write(b"z")


def test_an_endless_loop_is_reported_with_its_function(guest: Guest, board: str) -> None:
    link = start(guest, board, limit_s=0.3)
    link.write(b"e")
    with pytest.raises(GuestFault, match=r"no answer after .* in endless"):
        link.read(20)


def test_an_endless_loop_is_reported_while_counting(guest: Guest, board: str) -> None:
    link = start(guest, board, limit_s=0.05)
    link.counting(True)
    link.write(b"e")
    with pytest.raises(GuestFault, match="in endless"):
        link.read(20)


def test_an_fpu_that_was_never_switched_on_is_reported(link: UnicornLink) -> None:
    link.write(b"f")
    with pytest.raises(GuestFault, match="FPU"):
        for _ in range(3):
            link.read(1)


@pytest.mark.parametrize("counted", [False, True])
def test_ctrl_c_ends_an_endless_loop(link: UnicornLink, counted: bool) -> None:
    link.counting(counted)
    link.write(b"e")
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        link.read(30)
    assert time.monotonic() - started < 5
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_image_of_another_board_is_refused(guest: Guest) -> None:
    with pytest.raises(DeviceError, match="outside the board's flash"):
        UnicornLink(guest("mps2-an386"), unicorn_machine(load_board("stm32f746")))


def test_thumb_instructions_are_told_apart() -> None:
    assert count_instructions(bytes.fromhex("00bf00f000f8dfe801f04ff0000070e7")) == 5
    assert count_instructions(b"") == 0


def test_an_exception_due_while_it_waits_goes_back_to_where_it_waited(tmp_path: Path) -> None:
    """Also where the emulator has the code at that place translated already."""
    build_firmware(write_chain(tmp_path), load_board("rpi-pico"), tmp_path / "firmware",
                   BuildOptions("portable"))  # fmt: skip
    with open_session("unicorn", Firmware.load(tmp_path / "firmware")) as session:
        session.link.counting(True)
        core = session.link._core  # type: ignore[attr-defined]
        for due in (1, 3, 2):
            session.greet()
            core._systick_origin -= due * core._systick_period()
            assert core.exceptions_due == due
            session.greet()
            assert core.exceptions_due == 0
