"""What each tool is told, and what is made of its answer.

The answers are as the tools print them; programs of a few lines stand in for those that cannot be
had here, so that whole runs are seen to stop before anything is written to the wrong board.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qmcu.cli import run
from qmcu.device.ports import UsbPort
from qmcu.errors import CheckFailedError, DeviceError, QmcuError, ToolError
from qmcu.flash import Job, prepare
from qmcu.flash.failures import failure
from qmcu.flash.flasher import TOOLS

JobMaker = Callable[..., Job]
Capture = pytest.CaptureFixture[str]

WRITES = {
    "openocd": "T -f board/stm32f746g-disco.cfg -c adapter serial 066C -c gdb_port disabled; "
    "telnet_port disabled; tcl_port disabled -c program firmware.hex verify reset exit",
    "pyocd": "T load --no-wait --uid 066C --target stm32f746nghx firmware.hex",
    "st-flash": "T --reset --serial 066C write firmware.bin 0x08000000",
    "STM32_Programmer_CLI": "T -c port=SWD sn=066C -w firmware.hex -v -rst",
    "JLinkExe": "T -NoGui 1 -ExitOnError 1 -Device STM32F746NG -If SWD -Speed 4000 -AutoConnect 1 "
    "-USB 066C -CommandFile SCRIPT",
}


@pytest.mark.parametrize("name", WRITES)
def test_the_command_that_writes(job: JobMaker, name: str) -> None:
    steps = TOOLS[name].steps(job(probe="066C"), "T")
    assert [step.what for step in steps][:2] == ["identify", "write"]
    assert " ".join(steps[1].command) == WRITES[name]


def test_probe_rs_downloads_verifies_and_starts(job: JobMaker) -> None:
    steps = TOOLS["probe-rs"].steps(job(probe="0483:374b:066C"), "T")
    target = "--non-interactive --probe 0483:374b:066C --chip"
    image = "--binary-format hex firmware.hex"
    assert [" ".join(step.command) for step in steps] == [
        f"T read {target} Cortex-M7 b32 0xe0042000 1",
        f"T download {target} STM32F746NG --verify {image}",
        f"T verify {target} STM32F746NG {image}",
        f"T reset {target} STM32F746NG",
    ]
    steps[2].check("Verification successful\n")
    with pytest.raises(CheckFailedError, match="did not confirm"):
        steps[2].check("Verification failed: contents do not match\n")
    assert "no VID:PID:SERIAL" in TOOLS["probe-rs"].unsuited(job(probe="066C"))


@pytest.mark.parametrize("tool", ["st-flash", "STM32_Programmer_CLI", "stm32flash"])
def test_tools_of_sts_chips_are_not_for_others(built: Callable[[str], Path], tool: str) -> None:
    with pytest.raises(ToolError, match="knows STM32 chips only, and rpi-pico has a RP2040"):
        prepare(built("rpi-pico"), tool=tool, dry_run=True, port="P")


def test_pyocd_reads_back(job: JobMaker) -> None:
    last = TOOLS["pyocd"].steps(job(), "pyocd")[-1]
    assert last.what == "read back"
    last.check(f"All {job().image_size} bytes match.")
    with pytest.raises(CheckFailedError, match="did not confirm"):
        last.check("Mismatched byte at 0x08000000")


ANSWERS = {
    "openocd": "Info : stm32f7x.cpu: hardware has 8 breakpoints\n0xe0042000: 1001{} \n",
    "pyocd": "e0042000:  1001{}    |..dI|\n",
    "probe-rs": "1001{}\n",
    "st-flash": "Found 1 stlink programmers\n  version:    V2J37S26\n  serial:     066C\n"
    "  chipid:     0x{}\n  dev-type:   STM32F74x_F75x\n",
    "STM32_Programmer_CLI": "ST-LINK SN  : 066C\nDevice ID   : 0x{}\nRevision ID : Rev Z\n",
    "JLinkExe": "J-Link>mem32 0xE0042000, 1\nE0042000 = 1001{} \n",
    "stm32flash": "Version      : 0x31\nDevice ID    : 0x{} (STM32F74xxx/75xxx)\n",
    "gdb": "0xe0042000:\t0x1001{}\n",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_chip_is_told_from_another(built: Callable[[str], Path], name: str) -> None:
    options: dict[str, Any] = {"stm32flash": {"port": "P"}, "gdb": {"probe": "h:1"}}.get(name, {})
    steps = prepare(built("stm32f746"), tool=name, dry_run=True, **options).steps
    steps[0].check(ANSWERS[name].format("6449"))
    with pytest.raises(DeviceError, match=r"id is 0x413, but stm32f746 .* nothing was written"):
        steps[0].check(ANSWERS[name].format("6413"))
    with pytest.raises(DeviceError, match="could not be read"):
        steps[0].check("nothing of the kind")
    forced = prepare(built("stm32f746"), tool=name, dry_run=True, force=True, **options).steps
    assert [step.what for step in forced] == [s.what for s in steps if s.what != "identify"]


def test_st_info_lists_several_probes(job: JobMaker) -> None:
    two = ANSWERS["st-flash"].format("0449") + "  serial:     07AA\n  chipid:     0x0413\n"

    def identify(probe: str | None) -> None:
        TOOLS["st-flash"].steps(job(probe=probe), "st-flash")[0].check(two)

    identify("066C")
    with pytest.raises(DeviceError, match="0x413"):
        identify("07AA")
    with pytest.raises(DeviceError, match=r"2 ST-Link probes are connected \(066C, 07AA\)"):
        identify(None)
    with pytest.raises(DeviceError, match=r"there is no ST-Link 99; connected: 066C, 07AA"):
        identify("99")


@pytest.mark.parametrize(
    ("said", "kind", "expected"),
    [
        ("Error: open failed", ToolError, "no probe was found"),
        ("Couldn't find any ST-Link devices", ToolError, "no probe was found"),
        ("Error: No ST-LINK detected!", ToolError, "no probe was found"),
        ("Error: libusb_open() failed with LIBUSB_ERROR_ACCESS", ToolError, "udev rules"),
        ("Error: init mode failed (unable to connect to the target)", ToolError, "hold reset"),
        ("C Target type stm32f746nghx not recognized.", ToolError, "pyocd pack install stm32f746n"),
        ("** Verify Failed **", CheckFailedError, "does not hold the image"),
        ("Error: Data mismatch found at address 0x08000004", CheckFailedError, "does not hold"),
        ("Error: something new\nbye", ToolError, "it said: Error: something new"),
        ("", ToolError, "it said: no output"),
    ],
)
def test_failures_in_words(job: JobMaker, said: str, kind: type[QmcuError], expected: str) -> None:
    error = failure("t could not write", said, job())
    assert type(error) is kind
    assert expected in str(error)


def stand_in(folder: Path, name: str, text: str) -> Path:
    """A program that notes its arguments and runs `text`."""
    program = folder / name
    program.write_text(f'#!/bin/sh\necho "$@" >>"{folder}/calls"\n{text}\n')
    program.chmod(0o755)
    return folder / "calls"


CUBE = """case "$*" in
*-w*) echo "Download verified successfully";;
*) echo "Device ID   : 0x449";;
esac"""


def test_a_whole_run_writes_after_it_has_looked(
    built: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    calls = stand_in(tmp_path, "STM32_Programmer_CLI", CUBE)
    arguments = ["flash", str(built("stm32f746")), "--tool", "STM32_Programmer_CLI"]
    assert run(arguments) == 0
    assert "the chip's id is 0x449" in capsys.readouterr().out
    assert len(calls.read_text().splitlines()) == 2
    stand_in(tmp_path, "STM32_Programmer_CLI", CUBE.replace("0x449", "0x451"))
    calls.unlink()
    assert run(arguments) == 2
    assert "the chip's id is 0x451" in capsys.readouterr().err
    assert calls.read_text() == "-c port=SWD mode=HOTPLUG\n"
    assert run([*arguments, "--force"]) == 0
    assert "chip's id" not in capsys.readouterr().out
    stand_in(tmp_path, "STM32_Programmer_CLI", CUBE.replace("verified", "done"))
    assert run(arguments) == 1
    assert "did not confirm" in capsys.readouterr().err


def test_a_script_goes_through_a_file(
    built: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    text = 'for last; do :; done; cat "$last" >>"$0.scripts"; echo "E0042000 = 00000449"'
    stand_in(tmp_path, "JLinkExe", f"{text}; echo 'Verify successful.'")
    assert run(["flash", str(built("stm32f746")), "--tool", "JLinkExe"]) == 0
    scripts = (tmp_path / "JLinkExe.scripts").read_text().split()
    assert scripts[:4] == ["mem32", "0xE0042000,", "1", "exit"]
    assert scripts.index("loadfile") < scripts.index("verifybin") < scripts.index("g")


def test_the_order_is_the_board_files(
    built: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    directory = str(built("stm32f746"))
    assert run(["flash", directory]) == 2
    shown = capsys.readouterr().err
    assert "openocd: not installed (apt-get install openocd)" in shown
    assert "stm32flash: it needs --port" in shown
    assert run(["flash", directory, "--dry-run"]) == 0
    assert "openocd -f" in capsys.readouterr().out
    stand_in(tmp_path, "JLinkExe", "")
    stand_in(tmp_path, "STM32_Programmer_CLI", "")
    assert run(["flash", directory, "--dry-run"]) == 0
    assert "port=SWD" in capsys.readouterr().out


def test_a_dry_run_starts_nothing(
    built: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    calls = stand_in(tmp_path, "openocd", "")
    directory = built("stm32f746")
    assert run(["flash", str(directory), "--dry-run", "--port", "/dev/ttyACM0"]) == 0
    shown = capsys.readouterr().out
    copied = " ".join(f"{directory}/firmware.{kind}" for kind in ("elf", "bin", "hex"))
    copy = f'cd "$(mktemp -d)" && cp -- {copied} .'
    assert shown.startswith(f"{copy}\n# identify\n{tmp_path}/openocd -f ")
    assert "'program firmware.hex verify reset exit'" in shown
    assert "HELLO on /dev/ttyACM0" in shown
    assert not calls.exists()


def test_what_cannot_be_flashed(
    built: Callable[[str], Path], firmware: Callable[..., Path], capsys: Capture
) -> None:
    def said(*arguments: str) -> str:
        assert run(["flash", *arguments]) == 2
        return capsys.readouterr().err

    good = str(built("stm32f746"))
    assert "no firmware directory" in said(".")
    assert "there is no tool 'hammer'" in said(good, "--tool", "hammer")
    assert "is no serial number" in said(good, "--tool", "openocd", "--probe", "localhost:1")
    assert "no table flashing.uf2" in said(good, "--tool", "uf2")
    directory = firmware("stm32f746", chip_id=None)
    assert "has no flashing.chip_id, so that the chip" in said(str(directory))
    image = (directory / "firmware.bin").read_bytes()
    (directory / "firmware.bin").write_bytes(image[:-1] + b"\x99")
    (directory / "board.json").write_text((Path(good) / "board.json").read_text())
    assert "firmware.bin is not what firmware.elf holds" in said(str(directory))


def test_a_board_without_tools(firmware: Callable[..., Path], capsys: Capture) -> None:
    directory = firmware("mps2-an386", tools=[])
    assert run(["flash", str(directory)]) == 2
    shown = capsys.readouterr().err
    assert "names no tools (flashing.tools); it runs on qemu" in shown


def test_the_port_is_found_by_the_boards_usb_ids(
    job: JobMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = (
        UsbPort("/dev/ttyACM0", "0483:374b", "066C"),
        UsbPort("/dev/ttyACM1", "0483:374b", "07AA"),
        UsbPort("/dev/ttyUSB0", "0403:6001", ""),
    )
    monkeypatch.setattr("qmcu.device.ports.serial_ports", lambda: ports)
    assert job(port="/dev/ttyUSB0").device == "/dev/ttyUSB0"
    # A probe's serial number is that of its port, too.
    assert job(port="auto", probe="07AA").device == "/dev/ttyACM1"
    with pytest.raises(DeviceError, match="2 ports could be stm32f746"):
        _ = job(port="auto").device
