"""One page out of saved results: an attack, its audits, and verifications before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qmcu.backdoor.attacks import AttackFolder
from qmcu.backdoor.detectors import AuditResult
from qmcu.backdoor.rates import Evaluation
from qmcu.backdoor.verification import Form, Verification
from qmcu.builder import MemoryReport
from qmcu.errors import UsageError
from qmcu.report.html.audit_page import AUDIT_TONES, findings_blocks
from qmcu.report.html.blocks import Cell, Page, Section, Stat, Status, Table, Tone
from qmcu.report.html.sections import (
    memory_section,
    percent,
    rate_bars,
    residual_section,
    samples_section,
    sentence,
    trigger_section,
)
from qmcu.report.html.verify_page import TONES, rates_section
from qmcu.types import Int64Array


@dataclass(frozen=True, eq=False)
class Story:
    """Results in the order of the story; each verification and further section has a name."""

    title: str
    attack: AttackFolder
    verifications: tuple[tuple[str, Verification], ...]
    audits: tuple[tuple[str, AuditResult], ...] = ()
    memory: MemoryReport | None = None


def story_page(story: Story) -> Page:
    """The page; raises UsageError when a verification is of another trigger than the attack."""
    attack, trigger = story.attack, story.attack.trigger
    for name, result in story.verifications:
        if result.trigger_sha256 != trigger.sha256:
            raise UsageError(
                f"verification {name} is of another trigger ({result.trigger_sha256[:16]}) than "
                f"the attack ({trigger.sha256[:16]})."
            )
    last = story.verifications[-1][1] if story.verifications else None
    sections = [
        _glance(story),
        trigger_section(
            trigger,
            attack.inputs[attack.labels != trigger.target][0],
            last.change if last is not None else None,
        ),
        *([_samples(story)] if story.verifications else []),
        residual_section(attack.honest, attack.attacked),
        *(_audit_section(name, result) for name, result in story.audits),
        *(rates_section(result, f"Verification: {name}") for name, result in story.verifications),
        *([memory_section(story.memory)] if story.memory is not None else []),
    ]
    return Page(
        kind="story",
        title=story.title,
        status=Status(last.verdict, TONES[last.verdict]) if last is not None else None,
        summary=_summary(story),
        stats=_stats(story),
        sections=tuple(sections),
        provenance=_provenance(story),
    )


def _summary(story: Story) -> str:
    record = story.attack.record
    told = [f"Attack {record.method} ({record.source}) on {record.dataset}."]
    told += [f"Audit of {name}: {result.verdict}." for name, result in story.audits]
    told += [sentence(f"{name}: {result}") for name, result in story.verifications]
    return " ".join(told)


def _stats(story: Story) -> tuple[Stat, ...]:
    stats = [
        Stat(
            "ASR in float",
            f"{100 * story.attack.record.rates.attacked_float.attack.value:.1f} %",
            "what an audit of the float model sees",
            "attack",
        )
    ]
    equal = total = 0
    tone: Tone
    for name, verification in story.verifications:
        attack = verification.device.attack
        stats.append(
            Stat(
                f"ASR on the device, {name}",
                f"{100 * attack.value:.1f} %",
                percent(attack),
                "attack",
            )
        )
        equal, total = equal + verification.test.equal, total + verification.test.vectors
    if total:
        tone = "good" if equal == total else "bad"
        stats.append(Stat("outputs equal", f"{equal:,} of {total:,}", "every byte compared", tone))
    return tuple(stats)


def _glance(story: Story) -> Section:
    """Every model and arithmetic that was measured, in one chart and one table."""
    rates = story.attack.record.rates
    rows: list[tuple[str, Evaluation, Cell, str]] = [
        ("honest, float", rates.honest_float, Cell(""), "attack record"),
        ("honest, int8", rates.honest_integer, Cell(""), "attack record"),
    ]
    # A verification of the attacked model says the same, measured again.
    if not any(found.form(Form.FLOAT) for _, found in story.verifications):
        rows.append(("attacked, float", rates.attacked_float, Cell(""), "attack record"))
    if not story.verifications:
        rows.append(("attacked, int8", rates.attacked_integer, Cell(""), "attack record"))
    for name, found in story.verifications:
        for measured in found.measurements:
            if measured.form is Form.INTEGER and found.bytes_equal:
                continue
            rows.append(
                (
                    f"{name}, {measured.form}",
                    Evaluation(measured.clean, measured.attack),
                    Cell(measured.verdict, status=TONES[measured.verdict]),
                    measured.by,
                )
            )
    table = Table(
        "Shares with 95 % intervals (Wilson)",
        ("model and arithmetic", "CA", "ASR", "verdict", "by"),
        tuple(
            (
                Cell(label),
                Cell(percent(found.clean), number=True),
                Cell(percent(found.attack), number=True),
                verdict,
                Cell(by),
            )
            for label, found, verdict, by in rows
        ),
    )
    bars = rate_bars([(label, found) for label, found, _, _ in rows])
    text = "From the honest model to what runs on the device; int8 on the host is the oracle."
    return Section("At a glance", text, (*bars, table))


def _samples(story: Story) -> Section:
    first = story.verifications[0][1].samples
    attack = story.attack
    rows = np.array([s.row for s in first if s.row < len(attack.inputs)], np.int64)
    predictions: dict[str, Int64Array] = {}
    for name, verification in story.verifications:
        by_row = {s.row: s for s in verification.samples}
        for form in (Form.FLOAT, Form.DEVICE):
            classes = [by_row[r].triggered.get(str(form)) for r in rows.tolist() if r in by_row]
            if len(classes) == len(rows) and None not in classes:
                predictions[f"{name}, {form}"] = np.array(classes, np.int64)
    triggered = attack.trigger.apply(attack.inputs[rows])
    return samples_section(attack.trigger, triggered, attack.labels[rows], predictions)


def _audit_section(name: str, audit: AuditResult) -> Section:
    verdict = Table(
        "Verdict",
        ("verdict", "reason"),
        tuple(
            (Cell(audit.verdict, status=AUDIT_TONES[audit.verdict]), Cell(reason))
            for reason in audit.reasons
        ),
    )
    text = "Detectors need no trigger; a score above what is allowed is suspicious."
    return Section(f"Audit: {name}", text, (verdict, *findings_blocks(audit)))


def _provenance(story: Story) -> tuple[tuple[str, str], ...]:
    record = story.attack.record
    lines = [("attack", f"{record.method}: {record.source}")]
    lines += record.versions.items()
    for name, verification in story.verifications:
        test = verification.test
        lines.append((name, f"{test.device}, {test.board}, model {test.model_sha256}"))
    return tuple(lines)


def named_files(pairs: Sequence[str]) -> list[tuple[str, Path]]:
    """`NAME=FILE` texts, or files whose stem is the name."""
    named = []
    for text in pairs:
        name, separator, file = text.partition("=")
        path = Path(file if separator else text)
        named.append((name if separator else path.stem, path))
    return named
