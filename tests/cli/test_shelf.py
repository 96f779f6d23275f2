"""`qmcu shelf`: what is on it, and a command that has a board to itself."""

import sys
from pathlib import Path

import pytest
from tests.support.firmware_project import build_chain

from qmcu.cli.main import run


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QMCU_LOCKS", str(tmp_path / "locks"))
    monkeypatch.setenv("CI_JOB_URL", "job-7")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shelf.toml").write_text(
        '[[board]]\nname = "left"\nboard = "stm32f746"\ntarget = "unicorn"\n'
    )


def test_free_and_held(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["shelf", "list", "shelf.toml"]) == 0
    assert "free" in capfd.readouterr().out
    script = (
        "import sys; from qmcu.cli.main import run; sys.exit(run(['shelf', 'list', 'shelf.toml']))"
    )
    assert run(["shelf", "run", "shelf.toml", "--", sys.executable, "-c", script]) == 0
    assert "job-7" in capfd.readouterr().out


def test_the_command_is_told_the_board_and_its_exit_code_counts(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    firmware = build_chain(tmp_path)
    command = 'echo "$QMCU_NAME $QMCU_TARGET $QMCU_FIRMWARE"; exit 7'
    words = ["shelf", "run", "shelf.toml", "--board", "stm32f746", "--firmware", str(firmware)]
    assert run([*words, "--", "sh", "-c", command]) == 7
    printed = capfd.readouterr()
    assert printed.out == f"left unicorn {firmware}\n"
    assert "has left (stm32f746 at unicorn)" in printed.err
    assert "answers: stm32f746, model" in printed.err


def test_a_command_that_is_not_there(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["shelf", "run", "shelf.toml", "--", "no-such-program"]) == 2
    assert "qmcu: cannot run no-such-program: No such file" in capfd.readouterr().err


def test_a_killed_command_has_the_shells_code() -> None:
    assert run(["shelf", "run", "shelf.toml", "--", "sh", "-c", "kill -9 $$"]) == 137


def test_a_board_that_is_not_there(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["shelf", "run", "shelf.toml", "--board", "right", "--", "true"]) == 2
    assert "the shelf has no 'right'; it has left" in capfd.readouterr().err
