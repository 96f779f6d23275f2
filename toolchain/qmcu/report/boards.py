"""A table of boards."""

from collections.abc import Iterable, Sequence

from rich.table import Table

from qmcu.board import Board
from qmcu.shelf import ShelfBoard


def boards_table(boards: Iterable[Board]) -> Table:
    """One row a board, sizes in KiB; below it, why nothing runs some of them."""
    boards = list(boards)
    table = Table("board", "title", "core", "FPU", caption=_not_emulated(boards))
    table.caption_justify = "left"
    for heading in ("flash KiB", "RAM KiB", "MHz"):
        table.add_column(heading, justify="right")
    table.add_column("emulators")
    for board in boards:
        table.add_row(
            board.name,
            board.title,
            board.core.cpu,
            board.core.fpu or "-",
            f"{board.flash.size // 1024:,}",
            f"{board.ram.size // 1024:,}",
            f"{board.clock_hz / 1e6:g}",
            ", ".join(board.emulators) or "-",
        )
    return table


def _not_emulated(boards: Iterable[Board]) -> str | None:
    lines = [
        f"{board.name} is built, and no emulator runs it: {board.not_emulated}."
        for board in boards
        if board.not_emulated
    ]
    return "\n".join(lines) or None


def shelf_table(boards: Sequence[ShelfBoard], states: Sequence[str]) -> Table:
    """One row a board of a shelf, with what it can and who has it."""
    table = Table("name", "board", "target", "commands", "state")
    for board, state in zip(boards, states, strict=True):
        commands = [name for name in ("flash", "power_cycle") if getattr(board, name)]
        table.add_row(board.name, board.board, board.target, ", ".join(commands) or "-", state)
    return table
