"""A firmware directory is data: what is planted in it is neither run nor written to a board."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.flash.test_tools import CUBE, stand_in

from qmcu.builder.toolchain import find_program
from qmcu.cli import run

Firmware = Callable[..., Path]
Capture = pytest.CaptureFixture[str]


def test_tools_run_in_a_folder_with_copies_of_the_image(
    firmware: Firmware, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    directory = firmware("stm32f746")
    (directory / "board").mkdir()
    (directory / "board/stm32f746g-disco.cfg").write_text(f"exec touch {tmp_path}/PWNED\n")
    (directory / "pyocd_user.py").write_text("raise SystemExit\n")
    (directory / "openocd.cfg").write_text("x")
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", f"{tools}:/bin:/usr/bin")
    stand_in(
        tools, "STM32_Programmer_CLI", f"pwd >>{tmp_path}/where; ls -A >>{tmp_path}/seen; {CUBE}"
    )
    assert run(["flash", str(directory), "--tool", "STM32_Programmer_CLI"]) == 0
    seen = set((tmp_path / "seen").read_text().split())
    assert seen == {"firmware.elf", "firmware.bin", "firmware.hex"}
    for where in (tmp_path / "where").read_text().split():
        assert Path(where) != directory and not Path(where).exists()


@pytest.mark.skipif(find_program("openocd") is None, reason="openocd is not installed")
def test_openocd_reads_no_planted_script(
    firmware: Firmware, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    directory = firmware("stm32f746")
    (directory / "board").mkdir()
    (directory / "board/stm32f746g-disco.cfg").write_text(f"exec touch {tmp_path}/PWNED\n")
    monkeypatch.chdir(directory)
    assert run(["flash", str(directory), "--tool", "openocd"]) == 2
    assert not (tmp_path / "PWNED").exists()


def test_a_hex_file_of_another_image_is_refused(firmware: Firmware, capsys: Capture) -> None:
    directory = firmware("stm32f746")
    path = directory / "firmware.hex"
    lines = path.read_text().splitlines()
    # One data byte changed, with the sum of its record made right again.
    record = bytearray.fromhex(lines[1][1:])
    record[4] ^= 1
    record[-1] = -sum(record[:-1]) & 0xFF
    path.write_text("\n".join([lines[0], f":{record.hex().upper()}", *lines[2:]]))
    assert run(["flash", str(directory), "--dry-run"]) == 2
    assert "firmware.hex is not what firmware.elf holds" in capsys.readouterr().err
    path.write_text("hello")
    assert run(["flash", str(directory), "--dry-run"]) == 2
    assert "firmware.hex is damaged: line 1 is no record" in capsys.readouterr().err


def test_workers_import_nothing_from_the_working_directory(
    firmware: Firmware, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = firmware("stm32f746")
    for name in ("numpy", "msgspec", "unicorn", "qmcu"):
        (directory / f"{name}.py").write_text(f"open({str(tmp_path / 'PWNED')!r}, 'w')\n")
    monkeypatch.chdir(directory)
    code = run(["test", str(directory), "--on", "unicorn", "--random", "8", "--jobs", "2"])
    assert code == 0
    assert not (tmp_path / "PWNED").exists()
