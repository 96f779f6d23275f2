"""A board is validated behind a pseudo-terminal, where each of its lies is called wrong."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.device.line import FakeBoard
from tests.support.firmware_project import build_chain

from qmcu.benchmark import CycleEstimate
from qmcu.cli import run
from qmcu.device import serial_session
from qmcu.device.session import Refused
from qmcu.errors import UsageError
from qmcu.firmware import Firmware
from qmcu.validation import ValidateOptions, Validation, validate
from qmcu.validation.checks import check_clock, check_counter, check_rates, check_stack

UART_HZ = 108_000_000  # of the F746's USART1, as the firmware sets it up


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture
def port(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBoard]:
    monkeypatch.setattr(serial_session, "_found", {})
    board = FakeBoard(directory, tmp_path / "port", uart_hz=UART_HZ)
    yield board
    board.close()


def outcomes(result: Validation) -> dict[str, str]:
    return {check.name: check.outcome for check in result.checks}


def test_a_board_that_is_as_its_file_says(
    directory: Path, port: FakeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    where, kept = f"serial:{port.path}", directory / "kept.json"
    key = directory / "key"
    assert run(["trust", "key", "-o", str(key)]) == 0
    code = run(["validate", str(directory), "--on", where, "--random", "3", "--json", str(kept),
                "--by", "me | you", "--sign", str(key)])  # fmt: skip
    shown = capsys.readouterr().out
    for name in ("image", "bytes", "stack", "bit rates", "damaged frames"):
        assert f"{name}" in shown
    assert "3 of 3 outputs equal" in shown
    assert "| stm32f746 | 20" in shown
    assert "| me / you | chain" in shown
    # An emulator is slower than a board: its clock is the one thing that may be called wrong.
    assert code in (0, 1)
    assert kept.read_text().count("wrong") <= 1 + shown.count("wrong")
    signed = directory / "kept.dsse.json"
    command = ["evidence", "verify", str(signed), "--key", f"{key}.pub"]
    assert run(command) == 0
    assert "confirmed, " in (said := capsys.readouterr().out) and "on stm32f746" in said
    envelope = json.loads(signed.read_text())
    envelope["payload"] = envelope["payload"].replace("e", "f", 1)
    signed.write_text(json.dumps(envelope))
    assert run(command) == 1


def test_a_cable_that_is_slower_than_promised(directory: Path, port: FakeBoard) -> None:
    port.fastest = 460_800
    result = validate(Firmware.load(directory), f"serial:{port.path}", ValidateOptions(count=2))
    assert outcomes(result)["bit rates"] == "wrong"
    assert outcomes(result)["bytes"] == "confirmed"
    assert 115_200 <= result.baud <= 460_800
    assert not result.passed


def test_the_reset_button(directory: Path, port: FakeBoard) -> None:
    asked: list[str] = []

    def ask(text: str) -> None:
        asked.append(text)
        threading.Timer(0.3, port.reset).start()

    options = ValidateOptions(count=1, ask=ask)
    result = validate(Firmware.load(directory), f"serial:{port.path}", options)
    assert outcomes(result)["reset"] == "confirmed"
    assert asked == ["press the board's reset button within 30 s"]


def test_an_emulator_is_no_board(directory: Path) -> None:
    with pytest.raises(UsageError, match="unicorn is no board"):
        validate(Firmware.load(directory), "unicorn")


class Paced:
    """A session whose inference takes `seconds` beside its frames, and counts `cycles`."""

    def __init__(self, seconds: float, cycles: int) -> None:
        self.unit = SimpleNamespace(unit="cycles")
        self.hello = SimpleNamespace(outputs=(4,), arena=100)
        self._seconds, self._cycles = seconds, cycles

    def infer(self, inputs: object) -> Any:
        time.sleep(self._seconds + 0.002)
        return SimpleNamespace(cycles=self._cycles)

    def trace(self, *arguments: object) -> bytes:
        time.sleep(0.002)
        return b""


@pytest.mark.parametrize(("clock_hz", "outcome"), [(1_000_000, "confirmed"), (2_000_000, "wrong")])
def test_the_clock_is_measured_beside_the_frames(
    clock_hz: int, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qmcu.validation.checks._CLOCK_S", 0.3)
    monkeypatch.setattr("qmcu.validation.checks._CLOCK_TOLERANCE", 0.25)
    session: Any = Paced(0.05, 50_000)
    assert check_clock(session, (np.zeros(1),), clock_hz).outcome == outcome


def test_what_cannot_be_measured_is_not_called_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qmcu.validation.checks._CLOCK_S", 0.02)
    quick: Any = Paced(0.0, 10)
    assert check_clock(quick, (), 1).outcome == "not checked"

    def refuse(*arguments: object) -> bytes:
        raise Refused("no TRACE")

    quick.trace = refuse
    assert check_clock(quick, (), 1).seen == "the firmware was built without TRACE"
    assert check_counter("cortex-m4", 1000, 0, ()).outcome == "not checked"
    assert check_counter("cortex-m4", 1000, 1, ()).outcome == "not checked"


def test_figures_outside_reason_are_wrong() -> None:
    estimates = (CycleEstimate("cortex-m4", 1000, 900), CycleEstimate("cortex-m7", 600, 900))
    assert check_counter("cortex-m4", 1300, 1, estimates).outcome == "confirmed"
    assert check_counter("cortex-m7", 100, 1, estimates).outcome == "wrong"
    assert check_counter("cortex-m0plus", 20_000, 2, estimates).outcome == "wrong"
    assert check_stack(4096, 4096).outcome == "wrong"
    assert check_stack(200, 4096).outcome == "confirmed"
    assert check_rates(115_200, 2_000_000, 2_000_000).outcome == "confirmed"
    assert check_rates(115_200, 115_200, 921_600).outcome == "wrong"
    assert check_rates(115_200, 115_200, 0).outcome == "confirmed"
