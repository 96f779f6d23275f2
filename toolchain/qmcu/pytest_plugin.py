"""A pytest plugin: the fixture `qmcu_device` is a firmware on a board that nobody else uses.

    pytest --qmcu-firmware build/model-stm32f746 --qmcu-shelf shelf.toml

The board comes from a shelf (--qmcu-shelf, --qmcu-board picks one by name or kind), or is named
by --qmcu-target or --qmcu-port; else it is the firmware's emulator. Every option can also stand in
pytest's configuration, as qmcu_firmware and so on. Heavy imports wait until a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from qmcu.shelf import Device, ShelfBoard

OPTIONS = {
    "firmware": "Firmware directory (`qmcu build` makes one).",
    "board": "Board of the shelf, by its name or kind.",
    "target": "Target, such as unicorn or serial:/dev/ttyACM0.",
    "port": "Serial port; short for --qmcu-target serial:PORT.",
    "shelf": "TOML file of the boards on the shelf.",
    "timeout": "Seconds to wait for a free board [default: 600].",
    "sarif": "Write failed comparisons as SARIF here.",
}
_DEFAULT_TIMEOUT_S = 600.0
_RESULTS = pytest.StashKey[list[Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of this plugin, and the same as lines of pytest's configuration."""
    group = parser.getgroup("qmcu", "firmware on boards and emulators (qmcu)")
    for name, text in OPTIONS.items():
        group.addoption(f"--qmcu-{name}", dest=f"qmcu_{name}", metavar=name.upper(), help=text)
        parser.addini(f"qmcu_{name}", text, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Begin with no results."""
    config.stash[_RESULTS] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the SARIF file, also when nothing failed: then it clears what an earlier run found."""
    file = _option(session.config, "sarif")
    if not file:
        return
    from qmcu.report.sarif import write_sarif

    path = Path(file)
    worker = getattr(session.config, "workerinput", {}).get("workerid")
    if worker:
        path = path.with_name(f"{path.stem}-{worker}{path.suffix}")
    results: list[Any] = session.config.stash[_RESULTS]
    write_sarif(results, path)


@pytest.fixture(scope="session")
def qmcu_firmware(pytestconfig: pytest.Config) -> Path:
    """The firmware directory, from --qmcu-firmware; override it to build one."""
    named = _option(pytestconfig, "firmware")
    if not named:
        pytest.fail("no firmware: give --qmcu-firmware DIR (`qmcu build` makes one).", False)
    return pytestconfig.invocation_params.dir / named


@pytest.fixture(scope="session")
def qmcu_board(
    pytestconfig: pytest.Config, qmcu_firmware: Path, record_testsuite_property: Any
) -> Iterator[ShelfBoard]:
    """The board, held for the whole run so that no other job uses it."""
    from qmcu.errors import QmcuError
    from qmcu.shelf import lease

    plugins = pytestconfig.pluginmanager
    reporter, capture = (plugins.get_plugin(n) for n in ("terminalreporter", "capturemanager"))

    def waiting(whom: str) -> None:
        if reporter is not None and capture is not None:
            with capture.global_and_fixture_disabled():
                reporter.write_line(f"qmcu: waiting, {whom}")

    with ExitStack() as stack:
        try:
            boards = _boards(pytestconfig, qmcu_firmware)
            board = stack.enter_context(lease(boards, _timeout(pytestconfig), waiting))
        except QmcuError as error:
            pytest.fail(str(error), False)
        record_testsuite_property("qmcu_board", str(board))
        yield board


@pytest.fixture
def qmcu_device(
    request: pytest.FixtureRequest, qmcu_board: ShelfBoard, qmcu_firmware: Path
) -> Iterator[Device]:
    """The firmware on the board: `infer`, `profile`, `check`, `power_cycle`.

    The board is flashed when it runs another firmware, if the shelf says how.
    """
    from qmcu.errors import QmcuError
    from qmcu.shelf import Device

    with Device(qmcu_board, qmcu_firmware) as device:
        try:
            request.node.user_properties.append(("qmcu_device", str(device.session.hello)))
        except QmcuError as error:
            pytest.fail(str(error), False)
        yield device
        request.config.stash[_RESULTS].extend(device.results)


def _option(config: pytest.Config, name: str) -> str:
    return str(config.getoption(f"qmcu_{name}") or config.getini(f"qmcu_{name}"))


def _timeout(config: pytest.Config) -> float:
    from qmcu.errors import UsageError

    text = _option(config, "timeout")
    try:
        return float(text) if text else _DEFAULT_TIMEOUT_S
    except ValueError:
        raise UsageError(f"--qmcu-timeout takes seconds, not {text!r}.") from None


def _boards(config: pytest.Config, firmware: Path) -> tuple[ShelfBoard, ...]:
    """The boards that would do. Raises UsageError when the options contradict each other."""
    from qmcu.board import load_built_board
    from qmcu.device.targets import check_target, default_target
    from qmcu.errors import UsageError
    from qmcu.shelf import ShelfBoard, load_shelf, matching

    shelf, target, port = (_option(config, name) for name in ("shelf", "target", "port"))
    if sum(map(bool, (shelf, target, port))) > 1:
        raise UsageError("give one of --qmcu-shelf, --qmcu-target and --qmcu-port.")
    built, wanted = load_built_board(firmware), _option(config, "board")
    if shelf:
        all_boards = load_shelf(config.invocation_params.dir / shelf)
        boards = matching(all_boards, wanted or built.name)
    else:
        target = target or (f"serial:{port}" if port else default_target(built))
        check_target(target)
        boards = (ShelfBoard(wanted or built.name, wanted or built.name, target),)
    other = [board for board in boards if board.board != built.name]
    if other:
        raise UsageError(f"{firmware} is for {built.name}, and {other[0]} is another board.")
    return boards
