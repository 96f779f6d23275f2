"""The right port by name, URL or USB ids, or a sentence that lists the ports."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from serial.tools import list_ports

from qmcu.board import load_board
from qmcu.device import ports
from qmcu.device.ports import PortName, find_port, parse_port
from qmcu.errors import DeviceError, UsageError

BOARD = load_board("stm32f746")


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("serial:auto", PortName()),
        ("serial:auto@921600", PortName(limit=921_600)),
        ("serial:auto:066BFF", PortName(usb_serial="066BFF")),
        ("serial:/dev/ttyACM0", PortName("/dev/ttyACM0")),
        ("serial:/dev/ttyACM0@115200", PortName("/dev/ttyACM0", limit=115_200)),
        ("serial:COM7", PortName("COM7")),
        ("serial:/dev/serial/by-id/usb-x@y", PortName("/dev/serial/by-id/usb-x@y")),
        ("serial:rfc2217://lab:4000?ign_set_control", PortName("rfc2217://lab:4000?ign_set_control")),
    ],
)  # fmt: skip
def test_targets_are_taken_apart(target: str, name: PortName) -> None:
    assert parse_port(target) == name


def test_only_ports_have_a_rate() -> None:
    assert parse_port("serial:/dev/ttyACM0").has_rate
    assert parse_port("serial:rfc2217://lab:4000").has_rate
    assert not parse_port("serial:socket://lab:4000").has_rate


@pytest.mark.parametrize("target", ["serial:", "serial:@115200"])
def test_a_target_without_port_is_refused(target: str) -> None:
    with pytest.raises(UsageError, match="names no port; give serial:auto"):
        parse_port(target)


def port(device: str, usb: str = "", serial: str | None = None) -> SimpleNamespace:
    vid, pid = (int(part, 16) for part in usb.split(":")) if usb else (None, None)
    return SimpleNamespace(
        device=device, vid=vid, pid=pid, serial_number=serial, product=None, description="n/a"
    )


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def plug(*found: SimpleNamespace) -> None:
        monkeypatch.setattr(list_ports, "comports", lambda: sorted(found, key=lambda p: p.device))
        monkeypatch.setattr(ports, "sorted", list, raising=False)

    return plug


def test_a_board_is_found_by_its_usb_ids(plugged: Callable[..., None]) -> None:
    plugged(
        port("/dev/ttyS0"), port("/dev/ttyUSB0", "10c4:ea60"), port("/dev/ttyACM1", "0483:374B")
    )
    assert find_port(BOARD).device == "/dev/ttyACM1"


def test_of_two_one_is_chosen_by_its_serial_number(plugged: Callable[..., None]) -> None:
    plugged(port("/dev/ttyACM0", "0483:374b", "AA01"), port("/dev/ttyACM1", "0483:374b", "BB02"))
    with pytest.raises(DeviceError, match=r"2 ports could be stm32f746: .*AA01.*BB02.*auto:SERIAL"):
        find_port(BOARD)
    assert find_port(BOARD, "BB02").device == "/dev/ttyACM1"


def test_none_is_told_with_what_there_is(plugged: Callable[..., None]) -> None:
    plugged(port("/dev/ttyUSB0", "10c4:ea60"))
    with pytest.raises(DeviceError, match=r"no stm32f746 is connected.*0483:374b.*10c4:ea60"):
        find_port(BOARD)
    plugged()
    with pytest.raises(DeviceError, match="no ports at all"):
        find_port(BOARD)


def test_a_board_without_ids_wants_a_name(plugged: Callable[..., None]) -> None:
    plugged(port("/dev/ttyUSB0", "10c4:ea60"))
    with pytest.raises(DeviceError, match=r"stm32f407 has no USB ids.*/dev/ttyUSB0"):
        find_port(load_board("stm32f407"))
