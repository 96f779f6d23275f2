"""Lines and tables of plain text: what others wrote has no markup and no escape sequences in it.

Nothing is ever parsed for rich's [markup]: a style is named beside its text, as in
`line((model, "bold"), f" on {device}")`.
"""

from typing import Any

from rich.table import Table
from rich.text import Text

from qmcu.text import printable

Cell = str | Text
Piece = str | tuple[str, str]


def line(*pieces: Piece) -> Text:
    """One line of pieces, each a text or (text, style)."""
    result = Text()
    for piece in pieces:
        text, style = (piece, "") if isinstance(piece, str) else piece
        result.append(printable(text, None), style or None)
    return result


def lines_of(*texts: str) -> Text:
    """A cell of several lines."""
    return Text("\n").join(line(text) for text in texts)


class PlainTable(Table):
    """A table whose headings, title and cells are plain text or Text."""

    def __init__(self, *headings: Cell, title: str = "", caption: Text | None = None) -> None:
        super().__init__(
            title=line((title, "table.title")) if title else None,
            caption=caption,
            title_justify="left",
            caption_justify="left",
        )
        for heading in headings:
            self.add_column(heading)

    def add_numbers(self, *headings: Cell) -> None:
        """Add columns that are aligned on the right."""
        for heading in headings:
            self.add_column(heading, justify="right")

    def add_column(self, header: Any = "", *args: Any, **settings: Any) -> None:
        """As rich's; the heading is plain."""
        super().add_column(_cell(header), *args, **settings)

    def add_row(self, *cells: Any, **settings: Any) -> None:
        """As rich's; the cells are plain."""
        super().add_row(*(_cell(cell) for cell in cells), **settings)


def _cell(cell: Any) -> Text:
    return cell if isinstance(cell, Text) else line(cell)
