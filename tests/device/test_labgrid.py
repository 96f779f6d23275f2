"""A board at a labgrid place: coordinator, exporter and client are labgrid's own."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.firmware_project import build_chain

from qmcu.device.labgrid_place import place_of
from qmcu.device.targets import check_target, is_serial, open_session
from qmcu.errors import DeviceError, ToolError, UsageError
from qmcu.firmware import Firmware

LABGRID = importlib.util.find_spec("labgrid") is not None
PROGRAMS = Path(sys.executable).parent


def test_a_place_is_a_target_with_one_board() -> None:
    check_target("labgrid:left")
    assert is_serial("labgrid:left")
    assert place_of("labgrid:left") == "left"
    with pytest.raises(UsageError, match="names no place"):
        check_target("labgrid:")


@pytest.mark.skipif(LABGRID, reason="labgrid is installed")
def test_without_labgrid_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"labgrid is not installed here .*pip install labgrid"):
        open_session("labgrid:left", Firmware.load(build_chain(tmp_path)))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def client(*words: str) -> str:
    done = subprocess.run(
        [PROGRAMS / "labgrid-client", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The place `left`, with QEMU as its board; the firmware directory of what it runs."""
    if not LABGRID:
        pytest.skip("labgrid is not installed (its pyserial takes the place of the usual one)")
    qemu = shutil.which("qemu-system-arm")
    if qemu is None:
        pytest.skip("qemu-system-arm is not installed")
    firmware = build_chain(tmp_path, "mps2-an386")
    serial, coordinator = free_port(), f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("LG_COORDINATOR", coordinator)
    (tmp_path / "exporter.yaml").write_text(
        f"shelf:\n  NetworkSerialPort: {{host: 127.0.0.1, port: {serial}, protocol: raw}}\n"
    )
    line = f"tcp:127.0.0.1:{serial},server=on,wait=off"
    commands = (
        [qemu, "-machine", "mps2-an386", "-kernel", str(firmware / "firmware.elf"),
         "-display", "none", "-serial", line],
        [str(PROGRAMS / "labgrid-coordinator"), "-l", coordinator],
        [str(PROGRAMS / "labgrid-exporter"), "-c", coordinator, "--hostname", "127.0.0.1",
         "-n", "here", str(tmp_path / "exporter.yaml")],
    )  # fmt: skip
    with contextlib.ExitStack() as stack:
        for command in commands:
            process = stack.enter_context(
                subprocess.Popen(
                    command,
                    cwd=tmp_path,
                    env=os.environ,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            stack.callback(process.kill)
            time.sleep(1.0)
        for _ in range(100):
            with contextlib.suppress(AssertionError):
                if "here" in client("resources"):
                    break
            time.sleep(0.2)
        client("-p", "left", "create")
        client("-p", "left", "add-match", "here/shelf/NetworkSerialPort")
        yield firmware


def test_an_acquired_place_runs_vectors(place: Path) -> None:
    client("-p", "left", "acquire")
    with open_session("labgrid:left", Firmware.load(place)) as session:
        assert session.hello.board == "mps2-an386"
        assert session.link.name.startswith("socket://127.0.0.1:")
        assert len(session.infer([bytes(12)]).outputs[0]) == 4
    client("-p", "left", "release")


def test_a_place_that_is_not_ours_is_refused(place: Path) -> None:
    with pytest.raises(DeviceError, match=r"does not give the place left .* acquire` comes first"):
        open_session("labgrid:left", Firmware.load(place))


def test_a_place_that_is_not_there_is_refused(place: Path) -> None:
    with pytest.raises(DeviceError, match=r"place middle .*matches nothing"):
        open_session("labgrid:middle", Firmware.load(place))


def test_without_a_coordinator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not LABGRID:
        pytest.skip("labgrid is not installed")
    monkeypatch.setenv("LG_COORDINATOR", f"127.0.0.1:{free_port()}")
    with pytest.raises(DeviceError, match="does not give the place left"):
        open_session("labgrid:left", Firmware.load(build_chain(tmp_path, "mps2-an386")))
