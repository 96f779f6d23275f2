"""An audit as a table and a verdict."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from qmcu.backdoor.audit import AuditResult

_COLOURS = {"backdoored": "bold red", "suspicious": "yellow", "clean": "green"}


def audit_lines(result: AuditResult) -> Iterator[RenderableType]:
    """Every detector with its score, what was skipped, and the verdict with its reasons."""
    table = Table("detector", "weight")
    for heading in ("score", "allowed"):
        table.add_column(heading, justify="right")
    table.add_column("finding")
    for finding in result.findings:
        table.add_row(
            finding.detector,
            finding.weight,
            f"{finding.score:.3g}",
            f"{finding.threshold:g}",
            "[red]suspicious[/]" if finding.suspicious else "as expected",
        )
    yield table
    for name, why in result.skipped.items():
        yield f"not run: {name}, {why}"
    colour = _COLOURS[result.verdict]
    yield f"verdict: [{colour}]{result.verdict}[/]"
    for reason in result.reasons:
        yield f"  - {escape(reason)}"
