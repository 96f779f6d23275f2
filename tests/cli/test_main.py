import errno
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.firmware_project import write_chain

import qmcu
from qmcu.cli import run
from qmcu.cli.main import COMMANDS
from qmcu.errors import CheckFailedError, QmcuError

Capture = pytest.CaptureFixture[str]


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("qmcu.board.list_boards", fail)


def test_help_lists_every_command(capsys: Capture) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: Capture) -> None:
    assert run([name, "--help"]) == 0
    assert name in capsys.readouterr().out


def test_version(capsys: Capture) -> None:
    assert run(["--version"]) == 0
    assert qmcu.__version__ in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["bild"], ["build", "--bord", "x"], ["report"]])
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: Capture) -> None:
    assert run(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (QmcuError("Nothing here."), 2, "qmcu: Nothing here.\n"),
        (CheckFailedError("It differs."), 1, "qmcu: It differs.\n"),
        (KeyboardInterrupt(), 130, "qmcu: interrupted.\n"),
        (OSError(errno.ENOSPC, "No space left", "/x/y"), 2, "disk is full, cannot write /x/y"),
        (OSError(errno.EACCES, "Permission denied", "/x/y"), 2, "/x/y: Permission denied"),
        (RuntimeError("oh"), 2, "internal error, RuntimeError: oh"),
    ],
)
def test_errors_become_one_sentence(
    error: BaseException, code: int, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    raising(monkeypatch, error)
    assert run(["boards"]) == code
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, QmcuError("Nothing here."))
    monkeypatch.setenv("QMCU_DEBUG", "1")
    with pytest.raises(QmcuError):
        run(["boards"])


def test_start_up_imports_nothing_heavy() -> None:
    code = (
        "import sys, qmcu.cli\n"
        "heavy = {'numpy', 'unicorn', 'tflite_micro', 'tensorflow', 'elftools', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_ctrl_c_while_it_is_imported_is_one_sentence() -> None:
    # A module that Ctrl-C meets on its way in, as any of those behind the command line may.
    code = (
        "import os, signal, sys\n"
        "class Meets:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'qmcu.errors': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Meets())\n"
        "from qmcu.__main__ import main\n"
        "main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "boards"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "qmcu: interrupted.\n")


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    command = f"{sys.executable} -c 'from qmcu.cli import main; main()' boards --json | true"
    shown = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert shown.stderr == ""


def test_weighing_a_file_loads_no_interpreter(tmp_path: Path) -> None:
    model = write_chain(tmp_path)
    program = (
        "import sys; from qmcu.cli import run; run(['size', sys.argv[1]]);"
        "print([m for m in ('tensorflow', 'tflite_micro') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(model)], capture_output=True, text=True, check=True
    )
    assert "really int8" in done.stdout
    assert done.stdout.endswith("[]\n")
