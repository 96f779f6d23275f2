"""The file of a shelf: what it says, and every way to get it wrong."""

from pathlib import Path

import pytest

from qmcu.errors import UsageError
from qmcu.shelf import ShelfBoard, load_shelf, matching

GOOD = """
[[board]]
name = "left"
board = "stm32f746"
target = "serial:/dev/ttyACM0"
flash = "qmcu flash $QMCU_FIRMWARE"
power_cycle = "true"
settle_s = 2

[[board]]
name = "right"
board = "stm32f407"
target = "unicorn"
"""


def shelf(folder: Path, text: str) -> Path:
    path = folder / "shelf.toml"
    path.write_text(text)
    return path


def test_a_shelf_is_read(tmp_path: Path) -> None:
    left, right = load_shelf(shelf(tmp_path, GOOD))
    assert left == ShelfBoard(
        *("left", "stm32f746", "serial:/dev/ttyACM0", "qmcu flash $QMCU_FIRMWARE", "true", 2.0)
    )
    assert right == ShelfBoard("right", "stm32f407", "unicorn")
    assert str(right) == "right (stm32f407 at unicorn)"


def test_boards_are_found_by_name_then_by_kind(tmp_path: Path) -> None:
    boards = load_shelf(shelf(tmp_path, GOOD))
    assert [b.name for b in matching(boards, None)] == ["left", "right"]
    assert [b.name for b in matching(boards, "right")] == ["right"]
    assert [b.name for b in matching(boards, "stm32f746")] == ["left"]
    with pytest.raises(UsageError, match=r"no 'mid'; it has left \(stm32f746 at .*, right"):
        matching(boards, "mid")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"must hold \[\[board\]\] tables"),
        ("[[", "not valid TOML"),
        ("[other]", r"must hold \[\[board\]\] tables"),
        ("board = 3", r"must hold \[\[board\]\] tables"),
        ("board = [3]", "board 1 is no table"),
        ('[[board]]\nname = "a"', "board 1 lacks board and target"),
        (GOOD.replace("settle_s", "settles"), "board 1 has an unknown key settles; did you mean s"),
        (GOOD.replace("= 2", "= true"), "settle_s must be 0 to 600 seconds, not True"),
        (GOOD.replace("= 2", "= -1"), "settle_s must be"),
        (GOOD.replace('"left"', "5"), "name must be a text in quotes, not 5"),
        (GOOD.replace('"unicorn"', '"horse"'), "board 2: there is no target 'horse'"),
        (GOOD.replace("stm32f407", "stm32f4o7"), "board 2: .*stm32f4o7"),
        (GOOD.replace('"right"', '"left"'), "the name 'left' is there more than once"),
        (GOOD.replace('"unicorn"', '"serial:/dev/ttyACM0"'), "the target .*more than once"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_shelf(shelf(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml cannot be read"):
        load_shelf(tmp_path / "none.toml")
