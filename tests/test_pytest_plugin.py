"""The pytest plugin: a job fails when a byte is wrong, and never shares its board."""

import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.support.firmware_project import break_one_weight, build_chain
from tests.support.fixtures import Job, Quick
from tests.support.places import REPOSITORY
from tests.support.processes import read_line

pytest_plugins = ["pytester"]

SERVE = (sys.executable, "-c", "from qmcu.cli import main; main()", "serve")
TEST = """
def test_bytes(qmcu_device):
    qmcu_device.check(random=20)
"""
# Notes when it had the board.
SLOW = """
import time

def test_bytes(qmcu_device, qmcu_board):
    started = time.time()
    qmcu_device.check(random=2)
    time.sleep(1)
    with open("times", "a") as stream:
        stream.write(f"{started} {time.time()}\\n")
"""


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="module")
def broken(firmware: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("broken") / "firmware"
    shutil.copytree(firmware, directory)
    break_one_weight(directory)
    return directory


class Served:
    """Called with a firmware directory, starts an emulated board and gives its serial port."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[str]] = []

    def __call__(self, directory: Path) -> str:
        process = subprocess.Popen([*SERVE, str(directory)], stdout=subprocess.PIPE, text=True)
        self.started.append(process)
        return read_line(process).split(" at ")[1].strip()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """`served(directory)` is the serial port of an emulated board that runs that image."""
    serve = Served()
    yield serve
    for process in serve.started:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., "subprocess.Popen[str]"]:
    """`job(test, *options)` starts pytest with the plugin on a file of that text."""

    def start(text: str, *options: str | Path) -> "subprocess.Popen[str]":
        (tmp_path / "test_job.py").write_text(text)
        plugins = ["-p", "qmcu.pytest_plugin", "-p", "no:cacheprovider"]
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", *plugins, *map(str, options), "test_job.py"],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "QMCU_LOCKS": str(tmp_path / "locks"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start


def finish(process: "subprocess.Popen[str]") -> str:
    return process.communicate(timeout=120)[0]


def test_a_right_firmware_passes(job: Job, firmware: Path, tmp_path: Path) -> None:
    outputs = ["--qmcu-sarif", tmp_path / "o.sarif", "--junitxml", tmp_path / "o.xml"]
    process = job(TEST, "--qmcu-firmware", firmware, "-W", "error", *outputs)
    printed = finish(process)
    assert process.returncode == 0, printed
    assert json.loads((tmp_path / "o.sarif").read_text())["runs"][0]["results"] == []
    suite = ElementTree.parse(tmp_path / "o.xml").getroot()[0]
    told = {p.get("name"): p.get("value") for p in suite.iter("property")}
    assert told["qmcu_board"] == "stm32f746 (stm32f746 at unicorn)"
    assert str(told["qmcu_device"]).startswith("stm32f746, model ")


@pytest.mark.parametrize("on_a_port", [False, True], ids=["unicorn", "serial"])
def test_one_wrong_byte_fails_the_job(
    job: Job,
    served: Served,
    broken: Path,
    tmp_path: Path,
    on_a_port: bool,
) -> None:
    options = ["--qmcu-port", served(broken)] if on_a_port else ["--qmcu-target", "unicorn"]
    outputs = ["--qmcu-sarif", tmp_path / "o.sarif", "--junitxml", tmp_path / "o.xml"]
    process = job(TEST, "--qmcu-firmware", broken, *options, *outputs)
    printed = finish(process)
    assert process.returncode == 1, printed
    assert "of 20 outputs equal on" in printed
    assert "scores at [0, 2] (byte 2): expected" in printed
    assert "1 of 4 bytes differ" in printed
    assert "first to differ: layer l01_fully_connected" in printed
    findings = json.loads((tmp_path / "o.sarif").read_text())["runs"][0]["results"]
    assert {f["ruleId"] for f in findings} == {"output-differs", "layer-differs"}
    assert ElementTree.parse(tmp_path / "o.xml").getroot()[0].get("failures") == "1"


def shelf(folder: Path, port: str, more: str = "") -> Path:
    path = folder / "shelf.toml"
    path.write_text(
        f'[[board]]\nname = "left"\nboard = "stm32f746"\ntarget = "serial:{port}"\n{more}'
    )
    return path


def test_two_jobs_compete_for_one_board(
    job: Job, served: Served, firmware: Path, tmp_path: Path
) -> None:
    file = shelf(tmp_path, served(firmware))
    options = ["--qmcu-firmware", firmware, "--qmcu-shelf", file]
    first, second = job(SLOW, *options), job(SLOW, *options)
    printed = [finish(first), finish(second)]
    assert (first.returncode, second.returncode) == (0, 0), printed
    waited = [text for text in printed if "qmcu: waiting, left (stm32f746 at serial:" in text]
    assert len(waited) == 1
    assert "is held by" in waited[0]
    (a, b), (c, d) = sorted(
        tuple(map(float, line.split())) for line in (tmp_path / "times").read_text().splitlines()
    )
    assert a < b <= c < d


def test_the_one_that_waits_too_long_says_for_whom(
    job: Job, served: Served, firmware: Path, tmp_path: Path
) -> None:
    file = shelf(tmp_path, served(firmware))
    options = ["--qmcu-firmware", firmware, "--qmcu-shelf", file]
    first = job(SLOW.replace("sleep(1)", "sleep(60)"), *options)
    notes = tmp_path / "locks"
    for _ in range(600):
        if list(notes.glob("*.json")):
            break
        time.sleep(0.1)
    second = job(SLOW, *options, "--qmcu-timeout", "0.5")
    printed = finish(second)
    first.kill()
    first.communicate()
    assert second.returncode == 1
    assert "no board became free within 0.5 s: left (stm32f746 at serial:" in printed
    assert f"process {first.pid}, since" in printed


def test_a_board_with_another_firmware_is_flashed(
    job: Job, served: Served, firmware: Path, tmp_path: Path
) -> None:
    """The stand-in is flashed by putting the image where it takes it from, and resetting it."""
    flash = tmp_path / "flash"
    shutil.copytree(firmware, flash)
    other = build_chain(tmp_path, seed=6)
    port = served(other)
    pid = served.started[0].pid
    # The server runs `other`; its images are swapped and it is reset.
    command = (
        f'cp "$QMCU_FIRMWARE/firmware.elf" {other}/ && kill -USR1 {pid} && echo x >> {flash}/done'
    )
    file = shelf(tmp_path, port, f"flash = '''{command}'''\n")
    for _ in range(2):
        process = job(TEST, "--qmcu-firmware", flash, "--qmcu-shelf", file)
        printed = finish(process)
        assert process.returncode == 0, printed
    # Only the first time.
    assert (flash / "done").read_text() == "x\n"


@pytest.fixture
def quick(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., pytest.RunResult]:
    """`quick(*options)` runs pytest with the plugin in this process."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("QMCU_LOCKS", str(tmp_path / "locks"))
    pytester.makepyfile(TEST)
    return lambda *options: pytester.runpytest_inprocess("-p", "qmcu.pytest_plugin", *options)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "no firmware: give --qmcu-firmware DIR"),
        (("--qmcu-firmware", "nothing"), "is no firmware directory"),
        (("FIRMWARE", "--qmcu-target", "horse"), "there is no target 'horse'"),
        (("FIRMWARE", "--qmcu-target", "qemu"), "does not run on qemu"),
        (("FIRMWARE", "--qmcu-board", "stm32f407"), "is for stm32f746, and stm32f407"),
        (("FIRMWARE", "--qmcu-shelf", "none.toml"), "none.toml cannot be read"),
        (("FIRMWARE", "--qmcu-port", "/dev/none"), "/dev/none"),
        (("FIRMWARE", "--qmcu-port", "a", "--qmcu-target", "b"), "give one of --qmcu-shelf"),
        (("FIRMWARE", "--qmcu-timeout", "soon"), "takes seconds, not 'soon'"),
    ],
)
def test_what_is_missing_is_an_error_not_a_skip(
    quick: Quick, firmware: Path, options: tuple[str, ...], sentence: str
) -> None:
    given: list[str] = []
    for option in options:
        given += ["--qmcu-firmware", str(firmware)] if option == "FIRMWARE" else [option]
    result = quick(*given)
    assert result.ret == 1
    result.assert_outcomes(errors=1)
    assert sentence in result.stdout.str()


def test_options_can_stand_in_the_configuration(
    quick: Quick, pytester: pytest.Pytester, firmware: Path
) -> None:
    pytester.makeini(f"[pytest]\nqmcu_firmware = {firmware}\nqmcu_target = unicorn\n")
    quick().assert_outcomes(passed=1)


def test_pytest_finds_it_by_itself() -> None:
    document = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    (name,) = document["project"]["entry-points"]["pytest11"].values()
    assert hasattr(import_module(name), "pytest_addoption")
