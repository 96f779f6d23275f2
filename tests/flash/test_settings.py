"""The [flashing] table: every board's is right, every mistake is named."""

import dataclasses
import shutil
import subprocess
from typing import Any

import pytest

from qmcu.board import list_boards, load_board
from qmcu.board.flashing import TOOL_NAMES
from qmcu.errors import BoardError
from qmcu.flash import ChipId, flash_settings
from qmcu.flash.flasher import TOOLS

BOARDS = list_boards()


def test_every_tool_that_a_board_may_name_exists() -> None:
    assert set(TOOLS) == set(TOOL_NAMES)
    assert all(tool.get for tool in TOOLS.values())


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_the_boards_of_the_product(board: Any) -> None:
    settings = flash_settings(board)
    assert settings.chip_id is not None or not settings.tools
    if settings.chip_id is not None:
        assert settings.chip_id.matches(settings.chip_id.value)
    for name, argument in (
        ("openocd", settings.openocd),
        ("pyocd", settings.pyocd),
        ("probe-rs", settings.probe_rs),
        ("JLinkExe", settings.jlink),
        ("mass-storage", settings.mass_storage),
        ("uf2", settings.uf2),
    ):
        assert (name in settings.tools) == bool(argument), name


@pytest.mark.parametrize(
    "board", [b for b in BOARDS if b.flashing.get("openocd")], ids=lambda board: board.name
)
def test_openocd_reads_the_scripts_that_a_board_names(board: Any) -> None:
    scripts = flash_settings(board).openocd
    if shutil.which("openocd") is None:
        pytest.skip("openocd is not installed (apt-get install openocd)")
    command = ["openocd", *(part for name in scripts for part in ("-f", name))]
    command += ["-c", "adapter serial X", "-c", "noinit; echo [target names]; shutdown"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert ".cpu" in result.stderr or ".core" in result.stderr


def test_a_chip_id_compares_only_its_bits() -> None:
    chip = ChipId(0xE0042000, 0xFFF, 0x449)
    assert chip.matches(0x10016449)
    assert not chip.matches(0x10016413)


@pytest.mark.parametrize(
    ("flashing", "problem"),
    [
        ({"tools": ["hammer"]}, "flashing.tools has 'hammer'; take from openocd, "),
        ({"tools": 3}, "flashing.tools is 3; give a text or an array of texts"),
        ({"tool": "openocd"}, "flashing.tool is no known key"),
        ({"chip_id": {"address": 1, "mask": 1}}, "flashing.chip_id.value is missing"),
        ({"mass_storage": {"ids": ["0815"], "file": "x"}}, "mass_storage.file is 'x'; give one of"),
        ({"uf2": {"family": 1}}, "flashing.uf2.board_id is missing"),
        ({"stm32flash": {"baud": 1}}, "flashing.stm32flash.baud is 1; give 1200 to"),
    ],
)
def test_mistakes_are_named(flashing: dict[str, Any], problem: str) -> None:
    board = dataclasses.replace(load_board("stm32f746"), flashing=flashing)
    with pytest.raises(BoardError) as caught:
        flash_settings(board)
    assert problem in str(caught.value)
    assert str(caught.value).startswith("board stm32f746: ")
