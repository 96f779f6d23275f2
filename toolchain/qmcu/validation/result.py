"""What a validation found: pure data."""

from dataclasses import dataclass
from typing import Literal

from qmcu.types import Amount, Count, Sha256

Outcome = Literal["confirmed", "wrong", "not checked"]


@dataclass(frozen=True)
class Check:
    """One thing that the board file says: what was seen of it, in words."""

    name: str
    outcome: Outcome
    seen: str


@dataclass(frozen=True)
class Validation:
    """Every check of one board, with what was on it.

    `port` names the port and `baud` its fastest rate in bit/s that held; `cycles` are those of one
    inference by the board's own counter `counter`, 0 without one. `date` is UTC (ISO 8601), `by`
    whoever ran it, if they said.
    """

    __schema__ = "validation-1"
    __shown__ = ("passed",)

    board: str
    chip: str
    model: str
    model_sha256: Sha256
    build_id: str
    image_sha256: Sha256
    compiler: str
    port: str
    baud: Count
    counter: str
    cycles: Count
    date: str
    by: str
    seconds: Amount
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """True when no check found something wrong."""
        return all(check.outcome != "wrong" for check in self.checks)

    def row(self) -> str:
        """The row for docs/HARDWARE.md."""
        wrong = ", ".join(c.name for c in self.checks if c.outcome == "wrong")
        confirmed = ", ".join(c.name for c in self.checks if c.outcome == "confirmed")
        cells = (
            self.board, self.date[:10], self.by or "-", f"{self.model} {self.model_sha256[:12]}",
            f"{self.cycles:,}" if self.cycles else "-", f"{self.baud:,}", confirmed or "-",
            wrong or "-",
        )  # fmt: skip
        return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
