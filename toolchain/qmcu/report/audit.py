"""An audit as a table and a verdict."""

from collections.abc import Iterator

from rich.console import RenderableType

from qmcu.backdoor.detectors import AuditResult
from qmcu.report.plain import PlainTable, line

_COLOURS = {
    "backdoored": "bold red",
    "damaged": "bold red",
    "suspicious": "yellow",
    "clean": "green",
    "undecided": "yellow",
}


def audit_lines(result: AuditResult) -> Iterator[RenderableType]:
    """Every detector with its score, what was skipped, and the verdict with its reasons."""
    table = PlainTable("detector", "weight")
    table.add_numbers("score", "allowed", "p")
    table.add_column("finding")
    for finding in result.findings:
        table.add_row(
            finding.detector,
            finding.weight,
            f"{finding.score:.3g}",
            f"{finding.threshold:g}",
            p_text(finding.p_value),
            line(("suspicious", "red")) if finding.suspicious else "as expected",
        )
    yield table
    for name, why in result.skipped.items():
        yield f"not run: {name}, {why}"
    colour = _COLOURS[result.verdict]
    yield line(
        "verdict: ",
        (result.verdict, colour),
        f", audit score {result.score:.2f} (1 is allowed)",
    )
    for reason in result.reasons:
        yield f"  - {reason}"


def p_text(value: float | None) -> str:
    """A p-value for a table: "-" without one."""
    if value is None:
        return "-"
    return "<1e-12" if value < 1e-12 else f"{value:.2g}"
