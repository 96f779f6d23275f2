"""A validation as a table, and the row for docs/HARDWARE.md."""

from collections.abc import Iterator

from rich.console import RenderableType

from qmcu.report.plain import PlainTable, line
from qmcu.validation import Validation

_COLOURS = {"confirmed": "green", "wrong": "bold red", "not checked": "yellow"}


def validation_lines(result: Validation) -> Iterator[RenderableType]:
    """A row for each check, then what to send."""
    table = PlainTable("check", "outcome", "seen")
    for check in result.checks:
        table.add_row(check.name, line((check.outcome, _COLOURS[check.outcome])), check.seen)
    yield table
    wrong = sum(check.outcome == "wrong" for check in result.checks)
    confirmed = sum(check.outcome == "confirmed" for check in result.checks)
    yield f"{result.board} on {result.port}: {confirmed} confirmed, {wrong} wrong"
    yield "the row for docs/HARDWARE.md:"
    yield result.row()
