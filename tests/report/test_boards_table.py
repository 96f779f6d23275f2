"""The table of boards says what runs each, and why nothing does."""

from rich.console import Console

from qmcu.board import list_boards
from qmcu.report.boards import boards_table


def test_every_board_has_an_emulator_or_a_reason() -> None:
    boards = list_boards()
    console = Console(width=200, record=True)
    console.print(boards_table(boards))
    text = console.export_text()
    for board in boards:
        row = next(line for line in text.splitlines() if f" {board.name} " in line)
        assert row.split("│")[-2].strip() == (", ".join(board.emulators) or "-")
    for board in (board for board in boards if not board.emulators):
        reason = f"{board.name} is built, and no emulator runs it: {board.not_emulated}."
        assert reason in " ".join(text.split())
