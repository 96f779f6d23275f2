"""Tools started for real: against a boot loader, an emulator as a board, and no probe at all."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.flash.loader import BootLoader, SerialBoard

from qmcu.board import load_board
from qmcu.builder import build_firmware
from qmcu.builder.toolchain import find_program
from qmcu.cli import run

Capture = pytest.CaptureFixture[str]
F746 = load_board("stm32f746")
# A pseudo-terminal has no parity.
NO_PARITY = {"mode": "8n1"}


def need(*programs: str) -> None:
    for program in programs:
        if find_program(program) is None:
            pytest.skip(f"{program} is not installed")


@pytest.fixture
def loader_run(
    firmware: Callable[..., Path], serial_board: Callable[..., SerialBoard]
) -> Callable[..., tuple[int, BootLoader, Path]]:
    """Flash by stm32flash through a boot loader with these faults: exit code, loader, folder."""
    need("stm32flash")

    def flash(*arguments: str, chip: int = 0x449, stuck: int | None = None):  # type: ignore[no-untyped-def]
        directory = firmware("stm32f746", stm32flash=NO_PARITY)
        loader = BootLoader(F746, directory / "firmware.elf", chip, stuck)
        path = serial_board(loader.run).path
        command = ["flash", str(directory), "--tool", "stm32flash", "--port", path, *arguments]
        return run(command), loader, directory

    return flash


def test_stm32flash_writes_verifies_and_the_firmware_answers(loader_run, capsys: Capture) -> None:  # type: ignore[no-untyped-def]
    code, loader, directory = loader_run()
    assert code == 0, capsys.readouterr().err
    image = (directory / "firmware.bin").read_bytes()
    assert loader.flash[: len(image)] == image
    shown = capsys.readouterr().out
    assert "stm32flash read the flash back and found the image" in shown
    assert "says build" in shown


def test_stm32flash_leaves_another_chip_alone(loader_run, capsys: Capture) -> None:  # type: ignore[no-untyped-def]
    code, loader, _ = loader_run(chip=0x413)
    assert code == 2
    assert "the chip's id is 0x413, but stm32f746" in capsys.readouterr().err
    assert not any(loader.flash)
    assert {0x31, 0x44}.isdisjoint(loader.commands)


def test_stm32flash_writes_another_chip_by_force(loader_run) -> None:  # type: ignore[no-untyped-def]
    code, loader, directory = loader_run("--force", chip=0x413)
    image = (directory / "firmware.bin").read_bytes()
    assert (code, loader.flash[: len(image)]) == (0, image)


def test_stm32flash_finds_a_bad_byte(loader_run, capsys: Capture) -> None:  # type: ignore[no-untyped-def]
    code, _, _ = loader_run(stuck=1000)
    assert code == 1
    assert "its flash does not hold the image" in capsys.readouterr().err


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def emulated_board(machine: str, image: Path) -> Iterator[tuple[str, str]]:
    """QEMU with `image`: where its GDB server and its UART listen."""
    need("qemu-system-arm", "gdb-multiarch")
    server, uart = f"127.0.0.1:{free_port()}", free_port()
    process = subprocess.Popen(
        ["qemu-system-arm", "-machine", machine, "-kernel", str(image), "-display", "none",
         "-nodefaults", "-gdb", f"tcp:{server}", "-serial", "chardev:uart",
         "-chardev", f"socket,id=uart,host=127.0.0.1,port={uart},server=on,wait=off"],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", int(server.split(":")[1]))).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield server, f"socket://127.0.0.1:{uart}"
    finally:
        process.kill()
        process.wait()


def test_gdb_replaces_the_firmware_of_a_running_board(
    built: Callable[[str], Path], tmp_path: Path, capsys: Capture
) -> None:
    directory = built("mps2-an386")
    old = tmp_path / "old"
    build_firmware(directory / "model.tflite", load_board("mps2-an386"), old)
    with emulated_board("mps2-an386", old / "firmware.elf") as (server, port):
        arguments = ["--probe", server, "--port", port]
        assert run(["flash", str(directory), *arguments]) == 0, capsys.readouterr().err
        shown = capsys.readouterr().out
        assert "the chip's id is 0xc240" in shown
        assert f"the firmware on {port} says build" in shown


def test_gdb_leaves_another_core_alone(built: Callable[[str], Path], capsys: Capture) -> None:
    image = built("mps2-an500") / "firmware.elf"
    with emulated_board("mps2-an500", image) as (server, _):
        assert run(["flash", str(built("mps2-an386")), "--probe", server]) == 2
        assert "the chip's id is 0xc270, but mps2-an386" in capsys.readouterr().err


def test_a_port_that_is_not_there_is_told_before_anything_is_done(
    built: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    program = tmp_path / "openocd"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert run(["flash", str(built("stm32f746")), "--port", "/dev/no-such-port"]) == 2
    assert "there is no port /dev/no-such-port" in capsys.readouterr().err
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("tool", ["openocd", "pyocd", "st-flash"])
def test_no_probe(built: Callable[[str], Path], capsys: Capture, tool: str) -> None:
    need(tool)
    if shutil.which("lsusb") and "0483:" in subprocess.getoutput("lsusb"):
        pytest.skip("a probe may be connected here")
    started = time.monotonic()
    assert run(["flash", str(built("nucleo-h743zi")), "--tool", tool]) == 2
    shown = capsys.readouterr().err
    assert "no probe was found; connect the board by its debug USB port (it said: " in shown
    # pyocd without --no-wait would wait for ever.
    assert time.monotonic() - started < 60
