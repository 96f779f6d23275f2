"""QEMU as a device: it answers, its end is told as what it was, and it leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator

import pytest
from tests.support.fixtures import ChainDirectory, Guest
from tests.support.processes import is_alive, read_line, wait_until_gone

from qmcu.device import open_session
from qmcu.device.qemu import QemuLink, QemuMachine, find_qemu
from qmcu.errors import DeviceError, GuestFault, ToolError
from qmcu.firmware import Firmware

MACHINE = QemuMachine("mps2-an386", 25_000_000)
pytestmark = pytest.mark.skipif(
    shutil.which("qemu-system-arm") is None, reason="qemu-system-arm is not installed"
)


@pytest.fixture
def link(guest: Guest) -> Iterator[QemuLink]:
    link = QemuLink(guest("mps2-an386"), MACHINE)
    assert link.read(10) == b"!"
    yield link
    link.close()


def test_it_answers_also_after_a_pause(link: QemuLink) -> None:
    time.sleep(0.2)
    for byte in b"ayz":
        link.write(bytes([byte]))
        assert link.read(10) == bytes([byte])
    assert link.read(0.05) == b""


def test_bulk_input_arrives_whole(link: QemuLink) -> None:
    data = os.urandom(20_000)
    total = 0
    for byte in data:
        total = (total * 31 + byte) & 0xFFFFFFFF
    link.write(b"n" + len(data).to_bytes(3, "little") + data)
    answer = b""
    while len(answer) < 4:
        answer += link.read(20)
    assert answer == total.to_bytes(4, "little")


def test_it_is_told_to_look_at_its_uart_as_long_as_one_waits(
    link: QemuLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once is not enough: its main loop may sleep on before the firmware is ready for more."""
    nudges: list[float] = []
    monkeypatch.setattr(link, "_nudge", lambda: nudges.append(time.monotonic()))
    assert link.read(0.3) == b""
    assert len(nudges) >= 2


def test_a_killed_qemu_is_no_time_out(link: QemuLink) -> None:
    os.kill(link._process.pid, signal.SIGKILL)
    with pytest.raises(DeviceError, match="was killed by SIGKILL"):
        link.read(10)
    with pytest.raises(DeviceError, match="was killed by SIGKILL"):
        link.check()
    with pytest.raises(DeviceError, match="was killed by SIGKILL"):
        link.write(b"x")


def test_an_early_end_is_told_with_the_last_words(guest: Guest) -> None:
    link = QemuLink(guest("mps2-an386"), QemuMachine("mps2-an38", 1))
    with pytest.raises(DeviceError, match=r"ended with status 1: .*machine"):
        link.read(10)


def test_a_lockup_is_told(link: QemuLink) -> None:
    link.write(b"r")
    with pytest.raises(DeviceError, match=r"SIGABRT: .*Lockup"):
        link.read(10)


def test_words_sent_before_the_end_are_read_also_when_it_ended_during_a_write(
    link: QemuLink,
) -> None:
    link.write(b"ar")
    link._process.wait(10)
    link.write(b"x")
    assert link.read(10) == b"a"
    with pytest.raises(DeviceError, match=r"SIGABRT: .*Lockup"):
        link.read(10)


def test_words_that_came_between_a_look_and_the_end_are_read(
    link: QemuLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    link.write(b"ar")
    link._process.wait(10)
    monkeypatch.setattr("select.select", lambda read, write, other, wait: ([], write, other))
    link.write(b"x")
    monkeypatch.undo()
    assert link.read(10) == b"a"


def test_close_kills_and_may_be_repeated(link: QemuLink) -> None:
    pid = link._process.pid
    link.close()
    assert not is_alive(pid)
    link.close()
    with pytest.raises(DeviceError):
        link.write(b"x")


def test_a_forgotten_link_is_cleaned_up(guest: Guest) -> None:
    link = QemuLink(guest("mps2-an386"), MACHINE)
    pid = link._process.pid
    del link
    assert wait_until_gone(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_qemu_does_not_outlive_its_parent(guest: Guest, number: int) -> None:
    script = f"""
        import time
        from pathlib import Path
        from qmcu.device.image import read_image
        from qmcu.device.qemu import QemuLink, QemuMachine
        link = QemuLink(read_image(Path({str(guest("mps2-an386").path)!r})),
                        QemuMachine("mps2-an386", 1))
        print(link._process.pid, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    pid = int(read_line(parent))
    assert is_alive(pid)
    parent.send_signal(number)
    parent.wait(10)
    assert wait_until_gone(pid)


def test_a_missing_qemu_is_told_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolError, match="package qemu-system-arm"):
        find_qemu()


def test_a_session_ends_with_what_happened_to_qemu(chain_directory: ChainDirectory) -> None:
    with open_session("qemu", Firmware.load(chain_directory("mps2-an386"))) as session:
        session.infer([bytes(12)])
        link = session.link
        assert isinstance(link, QemuLink)
        os.kill(link._process.pid, signal.SIGKILL)
        started = time.monotonic()
        with pytest.raises(DeviceError, match="was killed by SIGKILL") as caught:
            session.infer([bytes(12)])
    assert not isinstance(caught.value, GuestFault)
    assert time.monotonic() - started < 5
