"""An audit as a page: verdict, findings, and where the weights lie between grid points."""

import numpy as np

from qmcu.backdoor.detectors import AuditContext, AuditResult, used_residuals
from qmcu.report.audit import p_text
from qmcu.report.html.blocks import (
    Block,
    Cell,
    Histogram,
    Page,
    Section,
    Series,
    Stat,
    Status,
    Table,
    Text,
    Tone,
)
from qmcu.report.html.sections import sentence

AUDIT_TONES: dict[str, Tone] = {
    "backdoored": "bad",
    "damaged": "bad",
    "suspicious": "warn",
    "clean": "good",
    "undecided": "warn",
}
_BINS = 40


def audit_page(result: AuditResult, context: AuditContext) -> Page:
    """The page of one audit."""
    fired = sum(f.suspicious for f in result.findings)
    reasons = tuple(Text(sentence(reason)) for reason in result.reasons)
    sections = [Section("Reasons", "What carries the verdict.", reasons)]
    sections.append(
        Section("Detectors", "A score above its threshold is suspicious.", findings_blocks(result))
    )
    if context.network is not None and context.graph is not None:
        sections.append(_residuals(context))
    return Page(
        kind="audit",
        title="Does quantization wake something up?",
        status=Status(result.verdict, AUDIT_TONES[result.verdict]),
        summary=f"{fired} of {len(result.findings)} detectors fired; the audit score is "
        f"{result.score:.2f}, above 1 is a backdoor or damage.",
        stats=tuple(
            Stat(
                f.detector,
                f"{f.score:.3g}",
                f"{f.threshold:g} allowed",
                "bad" if f.suspicious else "good",
            )
            for f in result.findings
            if f.weight != "supporting"
        ),
        sections=tuple(sections),
        provenance=tuple(result.audited.items()),
    )


def findings_blocks(result: AuditResult) -> tuple[Block, ...]:
    """Every detector's finding in a table, and what did not run."""
    rows = tuple(
        (
            Cell(f.detector),
            Cell(f.weight),
            Cell(f"{f.score:.3g}", number=True),
            Cell(f"{f.threshold:g}", number=True),
            Cell(p_text(f.p_value), number=True),
            Cell("suspicious", status="bad")
            if f.suspicious
            else Cell("as expected", status="good"),
            Cell(f.reason),
        )
        for f in result.findings
    )
    header = ("detector", "weight", "score", "allowed", "p", "finding", "what it saw")
    skipped = (Text(f"Not run: {name}, {why}.") for name, why in result.skipped.items())
    return (Table("Findings", header, rows), *skipped)


def _residuals(context: AuditContext) -> Section:
    values = np.concatenate([used_residuals(grid) for grid in context.grids])
    counts, _ = np.histogram(values, bins=_BINS, range=(-0.5, 0.5))
    series = Series("weights", tuple(int(c) for c in counts), "attack")
    figure = Histogram("Weights between two grid points", -0.5, 0.5, "steps", (series,))
    return Section(
        "Rounding residuals",
        "Honest training knows nothing of the grid, so its weights lie evenly between two points.",
        (figure,),
    )
