"""A board is flashed and power-cycled when it must be, and not otherwise."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.firmware_project import break_one_weight, build_chain

from qmcu.device import targets
from qmcu.device.session import Session
from qmcu.errors import CheckFailedError, DeviceError, ToolError, WrongFirmwareError
from qmcu.firmware import Firmware
from qmcu.shelf import Device, ShelfBoard, environment, flash_board, power_cycle
from qmcu.shelf import device as module

BOARD = ShelfBoard("left", "stm32f746", "unicorn", settle_s=0)


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture
def broken(firmware: Path, tmp_path: Path) -> Path:
    directory = tmp_path / "broken"
    shutil.copytree(firmware, directory)
    break_one_weight(directory)
    return directory


def test_a_right_firmware_passes(firmware: Path) -> None:
    with Device(BOARD, firmware) as device:
        assert device.session.hello.board == "stm32f746"
        assert device.check(random=4).equal == 4
        assert len(device.infer([np.zeros(12, np.int8)]).outputs[0]) == 4
        assert device.profile([bytes(12)]).unit == "instructions"
        assert [r.vectors for r in device.results] == [4]


def test_one_wrong_byte_fails_and_its_layer_is_named(broken: Path) -> None:
    with Device(BOARD, broken) as device, pytest.raises(CheckFailedError) as caught:
        device.check(random=20)
    message = str(caught.value)
    assert re.match(r"1?\d of 20 outputs equal on unicorn", message)
    assert "scores at [0, 2] (byte 2)" in message
    assert "1 of 4 bytes differ" in message
    assert "first to differ: layer l01_fully_connected" in message


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """`bench(*errors)` opens with these errors first, then really; what was done is listed."""
    done: list[str] = []

    def prepare(*errors: Exception) -> list[str]:
        left = list(errors)

        def open_session(target: str, firmware: Firmware) -> Session:
            done.append("open")
            if left:
                raise left.pop(0)
            return targets.open_session(target, firmware)

        monkeypatch.setattr(module, "open_session", open_session)
        monkeypatch.setattr(module, "flash_board", lambda board, _: done.append("flash"))
        monkeypatch.setattr(module, "power_cycle", lambda board: done.append("power"))
        return done

    return prepare


WRONG, SILENT = WrongFirmwareError("runs another"), DeviceError("silent")
FULL = replace(BOARD, flash="f", power_cycle="p")


@pytest.mark.parametrize(
    ("board", "errors", "expected"),
    [
        (FULL, [], ["open"]),
        (FULL, [WRONG], ["open", "flash", "open"]),
        (FULL, [SILENT], ["open", "power", "open"]),
        (FULL, [SILENT, WRONG], ["open", "power", "open", "flash", "open"]),
        (FULL, [SILENT, SILENT], ["open", "power", "open", "flash", "open"]),
        (replace(FULL, power_cycle=""), [SILENT], ["open", "flash", "open"]),
    ],
)
def test_what_is_done_for_a_board(
    bench: Callable[..., list[str]],
    firmware: Path,
    board: ShelfBoard,
    errors: list[Exception],
    expected: list[str],
) -> None:
    done = bench(*errors)
    with Device(board, firmware) as device:
        assert device.session.hello.board == "stm32f746"
    assert done == expected


@pytest.mark.parametrize(
    ("board", "errors"),
    [(BOARD, [SILENT]), (FULL, [WRONG] * 2), (FULL, [SILENT] * 3), (BOARD, [WRONG])],
)
def test_what_cannot_be_helped_is_raised(
    bench: Callable[..., list[str]], firmware: Path, board: ShelfBoard, errors: list[Exception]
) -> None:
    bench(*errors)
    with Device(board, firmware) as device, pytest.raises(DeviceError, match=str(errors[-1])):
        _ = device.session


def test_a_failing_remedy_tells_what_it_was_for(firmware: Path) -> None:
    board = replace(BOARD, target="serial:/dev/none", power_cycle="echo no hub; exit 3")
    with Device(board, firmware) as device, pytest.raises(ToolError) as caught:
        _ = device.session
    assert "status 3: no hub" in str(caught.value)
    assert "It was wanted because: there is no port /dev/none" in str(caught.value)


def test_commands_are_told_what_they_are_for(tmp_path: Path) -> None:
    board = replace(BOARD, target="serial:/dev/x", flash='env > "$QMCU_FIRMWARE/told"')
    flash_board(board, tmp_path)
    told = (tmp_path / "told").read_text().splitlines()
    for line in ("QMCU_NAME=left", "QMCU_BOARD=stm32f746", "QMCU_TARGET=serial:/dev/x"):
        assert line in told
    assert "QMCU_PORT=/dev/x" in told
    assert environment(board) == {
        k: v for k, v in (line.split("=", 1) for line in told) if k.startswith("QMCU_")
        and k not in ("QMCU_FIRMWARE", "QMCU_LOCKS", "QMCU_DEBUG", "QMCU_CMSIS_NN")
    }  # fmt: skip


def test_a_failing_command_is_told_with_its_last_words() -> None:
    board = replace(BOARD, power_cycle="echo one; echo no relay >&2; exit 3")
    with pytest.raises(ToolError, match="power_cycle command of left ended with status 3: no rel"):
        power_cycle(board)
    with pytest.raises(ToolError, match="no flash command for left; add one"):
        flash_board(board, Path())
