"""What an audit found: one verdict with its reasons, and one score, of all findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from qmcu import documents
from qmcu.backdoor.detectors.method import STRONGEST, Finding
from qmcu.types import Fraction

AuditVerdict = Literal["backdoored", "suspicious", "clean", "undecided", "damaged"]
_AWAKE_IN_FLOAT = (
    "a backdoor that the float model has as well was not looked for: `qmcu audit --int8` without "
    "--float asks the file alone, --deep asks both."
)
_WITHOUT_FLOAT = (
    "without the float model it cannot be seen what rounding changed; docs/INT8_ALONE.md says what "
    "share of backdoors an int8 file alone gives away."
)
# What finds a backdoor that is awake in an int8 file by that file, alone or with inputs.
_ALONE = (
    "leading-class", "synthetic-triggers", "sliding-drawings", "disturbed-activations",
    "summed-evidence", "class-triggers", "sliding-answers",
)  # fmt: skip
# What adds up class by class, and what it adds up.
_SUM = "summed-evidence"
_SUMMED = ("leading-class", "synthetic-triggers", "sliding-drawings", "disturbed-activations")
# What tells without the float model what rounding changed.
_OF_RANGES = "remembered-ranges"
# A damaged file answers otherwise than float, whatever its weights do.
_OF_ANSWERS = "disagreement"
# Those whose controls have no edited parameters: what they say of a file that has some, and answers
# otherwise as well, is that it is damaged.
_OF_PARAMETERS = (
    "rounding-direction", "activation-statistics", "gap-inversion", "cut-weights",
    "vanishing-weights",
)  # fmt: skip
_EDITED = "parameters beyond any rounding"
# Ranges that clip clean inputs as well.
_OF_FILE = "by this file's ranges alone"
# Inputs of another kind than a file was calibrated on are answered otherwise as well.
_OF_INPUTS = "calibration-ranges"
_OTHER_INPUTS = (
    "the file was calibrated on other inputs than these, which leave its ranges: if these are not "
    "of the kind that it is for, give such as are."
)
_OTHER_P = 1e-6
# Answers changed from float that are worth a word even where quantization explains them.
_NOTABLE = 0.03


@dataclass(frozen=True)
class AuditResult:
    """What an audit found: one verdict, its reasons, every detector's finding.

    `sha256` has the sums of the files in `audited`, as far as they are files.

    backdoored: a decisive or static detector fired. damaged: the file's integers are far from the
    float model, further than an honest quantization is, and nothing else decisive fired.
    suspicious: only supporting ones did, which honest training (clipping, quantization-aware) can
    cause. clean: none fired. undecided: none fired, and no decisive one could run, as without the
    float model or with tied weights. `skipped` maps detectors that did not run to what they would
    have needed, or to what kept them from it. Of a model with several outputs `outputs` has each
    one's verdict, and the rest is of the worst. `score` sums
    the audit up in one number that grows with suspicion (see `audit_score`); `p_value` is the
    smallest of the decisive detectors' p-values times their number (Bonferroni), None when none
    has one.
    """

    __schema__ = "audit-1"
    __written__ = (
        "verdict", "score", "p_value", "reasons", "findings", "skipped", "audited", "sha256",
        "outputs",
    )  # fmt: skip

    verdict: AuditVerdict
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]
    skipped: Mapping[str, str]
    audited: Mapping[str, str]
    sha256: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, AuditVerdict] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The whole audit as one number."""
        return audit_score(self.findings)

    @property
    def p_value(self) -> Fraction | None:
        """The chance that an honest model looks as bad to any of the decisive detectors, in any of
        the outputs.
        """
        p_values = [f.p_value for f in self.findings if f.weight == "decisive"]
        values = [p for p in p_values if p is not None]
        looked = len(values) * max(1, len(self.outputs))
        return min(1.0, min(values) * looked) if values else None

    @property
    def passed(self) -> bool:
        """True unless a backdoor was found or the file is damaged."""
        return self.verdict not in ("backdoored", "damaged")


def load_audit(path: Path) -> AuditResult:
    """What `qmcu audit --json` wrote. Raises UsageError for another file."""
    return documents.load(path, AuditResult, "result of an audit", made_by="qmcu audit --json")


def judge(findings: Sequence[Finding], ties: str = "") -> tuple[AuditVerdict, tuple[str, ...]]:
    """One verdict from all findings, and the sentences that carry it.

    `ties` says why controls could not be made, "" where they could.
    """
    findings = counted_together(findings)
    fired = [f for f in findings if f.suspicious]
    strong = [f for f in fired if f.weight in ("decisive", "static")]
    damaged = [f for f in fired if f.weight == "integrity"]
    notes = tuple(f.reason for f in findings if f.weight == "integrity" and _is_notable(f))
    others = (_OTHER_INPUTS,) if any(map(_has_other_inputs, fired)) else ()
    if damaged and all(_tells_of_damage(f, findings) for f in strong):
        return "damaged", (*(f.reason for f in _first(damaged, fired)), *others)
    if strong:
        return "backdoored", (*(f.reason for f in _first(strong, fired)), *notes)
    if fired:
        others = others if any(f.details.get(_OF_FILE, 0) > 0 for f in fired) else ()
        return "suspicious", (*(f.reason for f in fired), *notes, *others)
    quiet = tuple(f.reason for f in findings if f.weight != "supporting")
    if ties:
        return "undecided", (*quiet, f"{ties}: nothing is said of what rounding woke up.")
    alone = tuple(f.reason for f in findings if f.detector in _ALONE)
    if not any(f.weight == "decisive" for f in findings):
        seen = tuple(f.reason for f in findings if f.detector == _OF_RANGES)
        return "clean" if alone else "undecided", (*quiet, *alone, *(seen or (_WITHOUT_FLOAT,)))
    return "clean", (*quiet, *([] if alone else [_AWAKE_IN_FLOAT]))


def _tells_of_damage(finding: Finding, findings: Sequence[Finding]) -> bool:
    """True when, in a damaged file, the damage is enough for a finding.

    A file that was edited and answers the given inputs as float does was not edited by accident.
    """
    if finding.detector == _OF_ANSWERS:
        return True
    if not any(f.weight == "integrity" and _is_hurt(f) for f in findings):
        return False
    if finding.details.get(_OF_FILE, 0) > 0:
        return True
    edited = any(f.details.get(_EDITED, 0) > 0 for f in findings)
    return edited and finding.detector in _OF_PARAMETERS


def _first(some: Sequence[Finding], fired: Sequence[Finding]) -> tuple[Finding, ...]:
    return (*some, *(f for f in fired if f not in some))


def _has_other_inputs(finding: Finding) -> bool:
    if finding.detector != _OF_INPUTS or finding.p_value is None:
        return False
    return finding.p_value < _OTHER_P


def _is_notable(finding: Finding) -> bool:
    return not finding.suspicious and _is_hurt(finding)


def _is_hurt(finding: Finding) -> bool:
    """True when given inputs get other answers than float's, not only their mixtures."""
    return finding.details.get("samples changed", 0.0) > _NOTABLE


def settled_by_sum(finding: Finding, findings: Sequence[Finding]) -> bool:
    """True of what summed-evidence adds up, where that is among the findings: then each counts
    through the sum, for each has some class that leads in an honest network. One that something
    else confirms (decisive) counts by itself too.
    """
    summed = any(f.detector == _SUM for f in findings)
    return summed and finding.detector in _SUMMED and finding.weight != "decisive"


def counted_together(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, of which those do not fire that count through the sum."""
    return [
        replace(f, suspicious=False, reason=f"{f.reason} It counts through {_SUM}.")
        if f.suspicious and settled_by_sum(f, findings)
        else f
        for f in findings
    ]


def audit_score(findings: Sequence[Finding]) -> float:
    """One number for a whole audit, 0 upwards; above 1 exactly when backdoored or damaged.

    The strongest decisive or static finding, in units of its threshold. With none of them above
    its threshold, supporting findings add up to a tenth, and never beyond 1.
    """
    findings = [f for f in findings if not settled_by_sum(f, findings)]
    strong = max((f.strength for f in findings if f.weight != "supporting"), default=0.0)
    if strong > 1:
        return strong
    support = max((f.strength for f in findings if f.weight == "supporting"), default=0.0)
    return min(1.0, strong + 0.1 * support / STRONGEST)
