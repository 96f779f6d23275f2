"""The audit: every detector that applies, and one verdict with its reasons."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from qmcu.backdoor.detectors.damage import integer_answers
from qmcu.backdoor.detectors.method import (
    RANDOM_SIGNS,
    AuditContext,
    Detector,
    Finding,
    load_detectors,
)
from qmcu.backdoor.detectors.result import AuditResult, counted_together, judge
from qmcu.backdoor.detectors.settling import settle
from qmcu.backdoor.detectors.ties import find_ties
from qmcu.errors import ModelError, QmcuError, UnsupportedModelError
from qmcu.files import read_regular
from qmcu.types import Progress

# Needs in words, where their name says too little.
_NEEDS = {
    "classes": "outputs that are scores of classes",
    "one input": "one input of real numbers",
    "ranges": "activations that are integers",
    "real inputs": "inputs that are real numbers",
}
# Answers changed by a file that was damaged, and is no other model's.
_DAMAGED = 0.1
# What is no null of weights whose rounding errors are tied.
_INDEPENDENT = (RANDOM_SIGNS, "residuals are uniform", "residuals are uniform, with random signs")


def audit(
    context: AuditContext,
    *,
    slow: bool = False,
    audited: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> AuditResult:
    """Run every detector that the context has the models for; `slow` ones only when asked.

    Raises ModelError when the models do not belong together, or when a decisive detector cannot
    run on them and no other finding settles the verdict.
    """
    detectors = load_detectors()
    chosen = [d for d in detectors.values() if d.is_due(context, slow)]
    skipped = {d.name: _name_needs(d, context) for d in detectors.values() if d not in chosen}
    _refuse_unrelated(context)
    ties = ""
    if context.network is not None and context.graph is not None:
        ties = find_ties(context)
        for one in [d for d in chosen if ties and d.null in _INDEPENDENT]:
            chosen.remove(one)
            skipped[one.name] = f"not applicable: {ties}"
    findings: list[Finding] = []
    failed: list[QmcuError] = []
    for number, one in enumerate(chosen):
        try:
            findings.append(one.run(context))
        except (ModelError, UnsupportedModelError) as error:
            # A graph that no detector of weights can run is what graph-branches is for.
            skipped[one.name] = f"could not run: {error}"
            if "float" in one.needs:
                failed.append(error)
        if progress is not None:
            progress(number + 1, len(chosen))
    findings = counted_together(settle(findings, detectors, context))
    verdict, reasons = judge(findings, ties)
    reasons = (*reasons, *context.unseen)
    if failed and verdict != "backdoored":
        raise failed[0]
    names = dict(audited or {})
    return AuditResult(verdict, reasons, tuple(findings), skipped, names, _sums(names))


def _refuse_unrelated(context: AuditContext) -> None:
    """Raise ModelError where layers of the file are another model's and it answers as this one: it
    is no damaged file then.
    """
    if context.network is None or context.graph is None or context.samples is None:
        return
    other = context.unrelated
    if other is None or integer_answers(context)["samples"].changed.mean() > _DAMAGED:
        return
    raise context.refuse_weights(other)


def _name_needs(detector: Detector, context: AuditContext) -> str:
    lacking = [_NEEDS.get(need, need) for need in context.lacking(detector.needs)]
    why = "slow: " if detector.slow else ""
    return f"needs {', '.join(lacking)}" if lacking else f"{why}asked for with --deep"


def _sums(names: Mapping[str, str]) -> dict[str, str]:
    files = {role: Path(name) for role, name in names.items()}
    return {
        role: hashlib.sha256(read_regular(path)).hexdigest()
        for role, path in files.items()
        if path.is_file()
    }
