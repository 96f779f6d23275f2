"""What was signed, in words."""

from collections.abc import Iterator

from rich.console import RenderableType

from qmcu.report.plain import line
from qmcu.trust import Trusted
from qmcu.trust.evidence import Evidence


def trusted_lines(trusted: Trusted) -> Iterator[RenderableType]:
    """Who signed the firmware, what it covers, each result."""
    kind = "release" if trusted.release else "build with a debug protocol or without wiping"
    yield line(("signed", "bold green"), f" by {trusted.manifest.signer}, a {kind}")
    yield f"  {trusted.files} files of the directory are as they were signed"
    for role, digest in trusted.materials.items():
        yield f"  from {role}: SHA-256 {digest[:16]}"
    for evidence in trusted.evidence:
        yield f"  {evidence}"
    if not trusted.evidence:
        yield "  no result of a test, verification or audit is signed"


def evidence_lines(evidence: Evidence) -> Iterator[RenderableType]:
    """Whose signature it is, what it is about, what it says."""
    yield line(("signed", "bold green"), f" by {evidence.signed.signer}")
    for subject in evidence.signed.statement.subject:
        yield f"  of {subject.name} with SHA-256 {subject.digest.sha256[:16]}"
    yield f"  {evidence.kind}: {evidence.outcome}"
