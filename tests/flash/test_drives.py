"""Boards that are a drive: a folder plays the drive, a thread the probe behind it."""

import errno
import os
import shutil
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.flash.loader import SerialBoard, run_firmware

from qmcu.board import load_board
from qmcu.cli import run
from qmcu.device.image import read_image
from qmcu.errors import ToolError
from qmcu.flash.drives import fat_folders, write_to_drive
from qmcu.flash.mass_storage import board_id

Capture = pytest.CaptureFixture[str]
PAGE = '<meta http-equiv="refresh" content="0; url=http://os.mbed.com/platforms/?code={}0221"/>'
F746 = load_board("stm32f746")


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    folder = tmp_path / "DIS_F746NG"
    folder.mkdir()
    (folder / "MBED.HTM").write_text(PAGE.format("0815"))
    return folder


def probe_of(folder: Path, name: str, elf: Path) -> Callable[[SerialBoard], None]:
    """A probe that takes the file, leaves as a remount does, and starts the board."""

    def serve(line: SerialBoard) -> None:
        while not (folder / name).exists() or not (folder / name).stat().st_size:
            line.wait(0.02)
        data = (folder / name).read_bytes()
        shutil.rmtree(folder)
        if name.endswith(".uf2"):
            data = payload(data, F746.flash.start)
        run_firmware(line, F746, read_image(elf), data)

    return serve


def payload(file: bytes, base: int) -> bytes:
    """The image in a UF2 file, block by block as a boot loader reads it."""
    image = b""
    count = len(file) // 512
    for number in range(count):
        block = file[512 * number : 512 * (number + 1)]
        first, second, flags, address, size, at, blocks, _ = struct.unpack_from("<8I", block)
        assert (first, second, flags) == (0x0A324655, 0x9E5D5157, 0x2000)
        assert struct.unpack_from("<I", block, 508) == (0x0AB16F30,)
        assert (address, size, at, blocks) == (base + 256 * number, 256, number, count)
        image += block[32 : 32 + size]
    return image


def test_a_board_takes_its_file_and_answers(
    firmware: Callable[..., Path],
    serial_board: Callable[..., SerialBoard],
    drive: Path,
    capsys: Capture,
) -> None:
    directory = firmware("stm32f746")
    line = serial_board(probe_of(drive, "firmware.bin", directory / "firmware.elf"))
    command = ["flash", str(directory), "--tool", "mass-storage", "--probe", str(drive)]
    assert run([*command, "--port", line.path]) == 0, capsys.readouterr().err
    assert "says build" in capsys.readouterr().out


def test_a_uf2_board_takes_its_file_and_answers(
    firmware: Callable[..., Path],
    serial_board: Callable[..., SerialBoard],
    tmp_path: Path,
    capsys: Capture,
) -> None:
    directory = firmware("stm32f746", uf2={"family": 0x53B80F00, "board_id": "MY-F7"})
    drive = tmp_path / "uf2"
    drive.mkdir()
    (drive / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\nModel: X\nBoard-ID: MY-F7\n")
    line = serial_board(probe_of(drive, "firmware.uf2", directory / "firmware.elf"))
    command = ["flash", str(directory), "--tool", "uf2", "--probe", str(drive)]
    assert run([*command, "--port", line.path]) == 0, capsys.readouterr().err
    assert "flashed stm32f746 with uf2" in capsys.readouterr().out
    drive.mkdir()
    (drive / "INFO_UF2.TXT").write_text("Board-ID: RPI-RP2\n")
    assert run([*command, "--port", line.path]) == 2
    assert "has Board-ID RPI-RP2, but stm32f746" in capsys.readouterr().err
    assert [path.name for path in drive.iterdir()] == ["INFO_UF2.TXT"]


def test_another_board_is_left_alone(
    built: Callable[[str], Path], drive: Path, capsys: Capture
) -> None:
    (drive / "MBED.HTM").write_text(PAGE.format("0818"))
    command = ["flash", str(built("stm32f746")), "--tool", "mass-storage", "--port", "/dev/null"]
    assert run([*command, "--probe", str(drive)]) == 2
    shown = capsys.readouterr().err
    assert "has board id 0818, but stm32f746 (STM32F746NG) has 0815" in shown
    assert [path.name for path in drive.iterdir()] == ["MBED.HTM"]
    assert run([*command, "--probe", str(drive.parent)]) == 2
    assert "is no drive of a board" in capsys.readouterr().err


def test_a_refused_file(built: Callable[[str], Path], drive: Path, capsys: Capture) -> None:
    (drive / "FAIL.TXT").write_text("of an earlier time")

    def refuse() -> None:
        while not (drive / "firmware.bin").exists():
            time.sleep(0.02)
        (drive / "FAIL.TXT").write_text("The transfer timed out.\r\ntype: user\r\n")

    thread = threading.Thread(target=refuse)
    thread.start()
    command = ["flash", str(built("stm32f746")), "--tool", "mass-storage", "--port", "/dev/null"]
    assert run([*command, "--probe", str(drive)]) == 2
    thread.join()
    assert "refused the file: The transfer timed out. type: user" in capsys.readouterr().err


def test_a_drive_needs_a_port(built: Callable[[str], Path], drive: Path, capsys: Capture) -> None:
    command = ["flash", str(built("stm32f746")), "--tool", "mass-storage", "--probe", str(drive)]
    assert run(command) == 2
    assert "give --port, so that the firmware itself confirms" in capsys.readouterr().err


def test_a_uf2_drive_that_goes_is_told_without_a_port(
    built: Callable[[str], Path], drive: Path, capsys: Capture
) -> None:
    for path in drive.iterdir():
        path.unlink()
    (drive / "INFO_UF2.TXT").write_text("Board-ID: RPI-RP2\n")

    def take() -> None:
        while not (drive / "firmware.uf2").exists():
            time.sleep(0.02)
        (drive / "INFO_UF2.TXT").unlink()

    thread = threading.Thread(target=take)
    thread.start()
    assert run(["flash", str(built("rpi-pico")), "--tool", "uf2", "--probe", str(drive)]) == 1
    thread.join()
    assert "took the image and its drive went, but nothing can be read" in capsys.readouterr().err


def test_board_ids(drive: Path) -> None:
    assert board_id(drive) == "0815"
    (drive / "MBED.HTM").unlink()
    assert board_id(drive) is None
    (drive / "DETAILS.TXT").write_text("# DAPLink Firmware\nUnique ID: 0240000034544e45\n")
    assert board_id(drive) == "0240"
    (drive / "DETAILS.TXT").write_text("Version: 0257\n")
    assert board_id(drive) == ""


def test_drives_are_found_among_the_mounts() -> None:
    mounts = (
        "/dev/sda1 / ext4 rw 0 0\n"
        "/dev/sdb /media/me/DIS_F746NG vfat rw,nosuid 0 0\n"
        "/dev/sdc /media/me/my\\040board msdos rw 0 0\n"
    )
    assert list(fat_folders(mounts)) == [Path("/media/me/DIS_F746NG"), Path("/media/me/my board")]


def test_a_full_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    # What a drive has no room for shows when it is told to store it.
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ToolError, match=r"firmware\.bin could not be written: No space left"):
        write_to_drive(b"x", tmp_path / "firmware.bin")
