"""An audit as a table and a verdict."""

from collections.abc import Iterator

from rich.console import RenderableType

from qmcu.backdoor.detectors import AuditResult, Audits
from qmcu.report.plain import PlainTable, line

# Of a verdict wherever one is shown.
VERDICT_COLOURS = {
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
    colour = VERDICT_COLOURS[result.verdict]
    yield line(
        "verdict: ",
        (result.verdict, colour),
        f", audit score {result.score:.2f} (1 is allowed)",
    )
    for reason in result.reasons:
        yield f"  - {reason}"


def folder_lines(audits: Audits) -> Iterator[RenderableType]:
    """A row for each file, and why some could not be audited."""
    table = PlainTable("file", "verdict")
    table.add_numbers("score")
    table.add_column("because")
    for name, result in audits.results.items():
        verdict = line((result.verdict, VERDICT_COLOURS[result.verdict]))
        because = result.reasons[0] if result.reasons else ""
        table.add_row(name, verdict, f"{result.score:.2f}", because)
    yield table
    for name, why in audits.failed.items():
        yield f"not audited: {name}: {why}"
    bad = sum(not result.passed for result in audits.results.values())
    total = len(audits.results) + len(audits.failed)
    yield f"{bad} of {total} backdoored or damaged, {len(audits.failed)} not audited"


def p_text(value: float | None) -> str:
    """A p-value for a table: "-" without one."""
    if value is None:
        return "-"
    return "<1e-12" if value < 1e-12 else f"{value:.2g}"
