"""Budgets, and settings that are tried until a firmware keeps to what there is."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.firmware_project import write_residual

from qmcu.board import Board, load_board
from qmcu.builder import BuildOptions
from qmcu.builder.budget import Budget, build_within, parse_budget
from qmcu.cli import run
from qmcu.errors import DoesNotFitError, UsageError
from qmcu.firmware import Firmware


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_residual(tmp_path)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("flash=512K,ram=64K", Budget(512 * 1024, 64 * 1024)),
        ("RAM=1M", Budget(None, 1024 * 1024)),
        ("flash=1000", Budget(1000, None)),
    ],
)
def test_a_budget_is_read(text: str, budget: Budget) -> None:
    assert parse_budget(text) == budget


@pytest.mark.parametrize("text", ["", "flash", "flash=1G", "rom=4K", "ram=1K,ram=2K", "flash=-1"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="give flash=BYTES, ram=BYTES or both"):
        parse_budget(text)


def sizes(model: Path, board: Board, folder: Path) -> dict[str, int]:
    return {
        name: build_within(
            model, board, folder / name, BuildOptions(optimize=name), settle=False
        ).report.used("flash")
        for name in ("balanced", "size")
    }


def with_flash(board: Board, size: int) -> Board:
    return replace(board, flash=replace(board.flash, size=size))


def test_smaller_settings_are_tried_until_the_budget_holds(model: Path, tmp_path: Path) -> None:
    board = load_board("stm32f407")
    flash = sizes(model, board, tmp_path)
    assert flash["size"] < flash["balanced"]
    between = Budget(flash=(flash["size"] + flash["balanced"]) // 2)
    built = build_within(model, board, tmp_path / "built", BuildOptions(), between)
    assert built.options.optimize == "size"
    assert built.excess == ()
    assert len(built.tried) == 1 and built.tried[0].startswith("balanced: over budget, flash ")
    assert Firmware.load(tmp_path / "built").plan.optimize == "size"


def test_a_broken_budget_leaves_what_was_asked_for(model: Path, tmp_path: Path) -> None:
    board = load_board("stm32f407")
    built = build_within(model, board, tmp_path / "built", BuildOptions(), Budget(flash=100))
    assert built.options.optimize == "balanced"
    assert len(built.excess) == 1 and built.excess[0].endswith("too many")
    assert [line.split(":")[0] for line in built.tried] == ["balanced", "size", "ram"]
    assert Firmware.load(tmp_path / "built").plan.optimize == "balanced"


def test_a_board_that_is_too_small_for_one_setting_gets_another(
    model: Path, tmp_path: Path
) -> None:
    board = load_board("stm32f407")
    flash = sizes(model, board, tmp_path)
    tight = with_flash(board, (flash["size"] + flash["balanced"]) // 2)
    built = build_within(model, tight, tmp_path / "built", BuildOptions())
    assert built.options.optimize == "size"
    with pytest.raises(DoesNotFitError):
        build_within(model, tight, tmp_path / "built", BuildOptions(), settle=False)
    with pytest.raises(DoesNotFitError, match="size and ram do not fit either"):
        build_within(model, with_flash(board, 1024), tmp_path / "built", BuildOptions())


def test_the_command(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = ["build", str(model), "--board", "stm32f407", "-o", str(tmp_path / "fw")]
    assert run([*build, "--budget", "flash=1M,ram=100K"]) == 0
    assert "over budget" not in capsys.readouterr().out
    assert run([*build, "--budget", "ram=64"]) == 1
    assert "over budget: RAM " in capsys.readouterr().out
    assert run([*build, "--budget", "ram=much"]) == 2
