"""`qmcu serve`: an emulated board that other programs reach through a serial port."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial
from tests.support.firmware_project import build_chain, write_chain
from tests.support.processes import read_errors, read_line

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.device.frames import Frame, FrameReader, encode

SERVE = (sys.executable, "-c", "from qmcu.cli import main; main()", "serve")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_chain(tmp_path_factory.mktemp("chain"))


def start(directory: Path, *options: str | Path) -> "subprocess.Popen[str]":
    command = [*SERVE, str(directory), *map(str, options)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@dataclass
class Served:
    """A running `qmcu serve` and the first line that it printed."""

    process: "subprocess.Popen[str]"
    line: str


@pytest.fixture
def board(directory: Path, tmp_path: Path) -> Iterator[Served]:
    process = start(directory, "--link", tmp_path / "port")
    yield Served(process, read_line(process))
    if process.poll() is None:
        process.terminate()
        process.wait(timeout=20)


def hello(path: Path) -> int:
    """The type of the frame that answers HELLO."""
    reader = FrameReader()
    with serial.Serial(str(path), 115200, timeout=20) as port:
        port.write(encode(Frame(1, 77)))
        while True:
            data = port.read(1)
            assert data
            for frame in reader.feed(data):
                if frame.sequence == 77:
                    return frame.type


def test_it_is_a_serial_port_for_one_program_after_the_other(board: Served, tmp_path: Path) -> None:
    assert board.line.startswith("stm32f746 on unicorn 2")
    assert f" at {tmp_path / 'port'} (/dev/" in board.line
    for _ in range(3):
        assert hello(tmp_path / "port") == 0x81


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_removes_the_link(board: Served, tmp_path: Path, number: int) -> None:
    board.process.send_signal(number)
    assert board.process.wait(timeout=20) == 0
    assert not (tmp_path / "port").is_symlink()
    assert read_errors(board.process) == ""


def test_it_is_reset_by_a_signal(board: Served, tmp_path: Path) -> None:
    assert hello(tmp_path / "port") == 0x81
    board.process.send_signal(signal.SIGUSR1)
    assert read_line(board.process).startswith("reset: stm32f746 on unicorn")
    assert hello(tmp_path / "port") == 0x81


def test_qemu_is_served_too(tmp_path: Path) -> None:
    process = start(build_chain(tmp_path, "mps2-an386"), "--link", tmp_path / "port")
    try:
        line = read_line(process)
        if "qemu" not in line:
            pytest.skip("qemu-system-arm is not installed")
        assert hello(tmp_path / "port") == 0x81
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


def test_a_crash_ends_it_with_a_sentence(directory: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    build_firmware(write_chain(tmp_path), load_board("stm32f746"), broken, BuildOptions("portable"))
    source = broken / "src/model.c"
    text = source.read_text()
    at = text.index("qmcu_fully_connected(\n")
    source.write_text(f"{text[:at]}*(volatile int *)0x60000000 = 1;\n    {text[at:]}")
    subprocess.run(["make"], cwd=broken, check=True, capture_output=True)
    process = start(broken)
    path = read_line(process).split(" at ")[1].strip()
    with serial.Serial(path, 115200) as port:
        port.write(encode(Frame(2, 1, bytes(12))))
        assert process.wait(timeout=30) == 2
    assert read_errors(process).startswith("qmcu: the firmware crashed: write to 0x60000000")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--on", "qemu"), "stm32f746 does not run on qemu; take unicorn and renode."),
        (("--on", "abacus"), "'abacus' is no emulator; take unicorn, qemu, renode."),
        (("--link", "/proc/port"), "cannot make /proc/port: "),
    ],
)
def test_what_cannot_be_is_refused(
    directory: Path, options: tuple[str, ...], sentence: str
) -> None:
    process = start(directory, *options)
    assert process.wait(timeout=20) == 2
    assert sentence in read_errors(process)


def test_a_name_in_use_is_left_alone(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("precious")
    process = start(directory, "--link", tmp_path / "port")
    assert process.wait(timeout=20) == 2
    assert "File exists" in read_errors(process)
    assert (tmp_path / "port").read_text() == "precious"


def test_a_link_that_leads_nowhere_is_replaced(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "port").symlink_to("/dev/pts/99999")
    process = start(directory, "--link", tmp_path / "port")
    read_line(process)
    assert hello(tmp_path / "port") == 0x81
    process.terminate()
    assert process.wait(timeout=20) == 0


def test_words_that_nobody_reads_do_not_block_it(board: Served, tmp_path: Path) -> None:
    with serial.Serial(str(tmp_path / "port"), 115200) as port:
        for _ in range(200):
            port.write(encode(Frame(1, 3)))
    time.sleep(0.5)
    assert hello(tmp_path / "port") == 0x81
