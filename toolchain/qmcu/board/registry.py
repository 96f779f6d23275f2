"""Finding boards: by name among the product's files, or any .toml by path."""

import difflib
from pathlib import Path

from qmcu import documents
from qmcu.board.checks import check_board
from qmcu.board.description import Board, board_from_table
from qmcu.board.fields import Table
from qmcu.errors import BoardError
from qmcu.files import read_toml, require_firmware
from qmcu.resources import boards_directory


def list_boards() -> list[Board]:
    """All boards that come with qmcu, by name. Raises BoardError when a file is wrong."""
    return [_read(path) for path in sorted(boards_directory().glob("*.toml"))]


def load_board(name: str) -> Board:
    """The board of this name, or of this file when `name` ends in .toml.

    Raises BoardError that suggests the nearest name and lists all.
    """
    if name.endswith(".toml"):
        return _read(Path(name))
    names = sorted(path.stem for path in boards_directory().glob("*.toml"))
    if name in names:
        return _read(boards_directory() / f"{name}.toml")
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise BoardError(f"there is no board {name!r}.{hint} Boards: {', '.join(names)}.")


def load_built_board(directory: Path) -> Board:
    """The board of a firmware directory. Raises UsageError when it is none."""
    require_firmware(directory)
    return documents.load(directory / "board.json", Board, "board of a firmware", check=check_board)


def _read(path: Path) -> Board:
    data = read_toml(path, BoardError)
    board = board_from_table(Table(path, "", data))
    try:
        check_board(board)
    except ValueError as error:
        raise BoardError(f"{path}: {error}.") from error
    if path.parent == boards_directory() and board.name != path.stem:
        raise BoardError(
            f"{path}: name is {board.name!r}; it must be the file's name, {path.stem}."
        )
    return board
