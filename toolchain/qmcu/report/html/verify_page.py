"""`qmcu verify` as a page."""

import numpy as np

from qmcu.backdoor.rates import Evaluation
from qmcu.backdoor.verification import Form, Verdict, Verification, VerificationRun
from qmcu.builder import MemoryReport
from qmcu.report.html.blocks import Block, Cell, Page, Section, Stat, Status, Table, Text, Tone
from qmcu.report.html.sections import (
    count_text,
    memory_section,
    rate_bars,
    samples_section,
    sentence,
    trigger_section,
)

TONES: dict[Verdict, Tone] = {
    Verdict.ACTIVE: "bad",
    Verdict.DORMANT: "warn",
    Verdict.UNDECIDED: "warn",
    Verdict.ABSENT: "good",
    Verdict.REMOVED: "good",
}


def verify_page(run: VerificationRun, memory: MemoryReport) -> Page:
    """The page of one verification; `memory` is the firmware's report."""
    result = run.result
    labels = run.inputs.labels[run.others]
    predictions = {str(form): classes.triggered for form, classes in run.predictions.items()}
    if np.array_equal(
        run.predictions[Form.INTEGER].triggered, run.predictions[Form.DEVICE].triggered
    ):
        # Said once: the device's answers are the host's.
        del predictions[str(Form.INTEGER)]
    example = run.inputs.real[run.others][0]
    return Page(
        kind="verification",
        title=f"{result.test.model} on {result.test.board}",
        status=Status(result.verdict, TONES[result.verdict]),
        summary=sentence(result),
        stats=_stats(result),
        sections=(
            rates_section(result),
            trigger_section(run.trigger, example, result.change),
            samples_section(run.trigger, run.triggered, labels, predictions),
            memory_section(memory),
        ),
        provenance=provenance(result),
    )


def rates_section(result: Verification, title: str = "Rates") -> Section:
    """CA and ASR in every form, as charts and as a table, and whether all bytes are equal."""
    rates = [(str(m.form), Evaluation(m.clean, m.attack)) for m in result.measurements]
    reference = result.reference
    rows = tuple(
        (
            Cell(m.form),
            Cell(count_text(m.clean), number=True),
            Cell(count_text(m.attack), number=True),
            Cell(count_text(m.base), number=True),
            Cell(m.verdict, status=TONES[m.verdict]),
            Cell(m.by),
        )
        for m in result.measurements
    )
    table = Table(
        "Counts; the base rate is the share of clean inputs of other classes that go to the target "
        "class without the trigger",
        ("form", "CA", "ASR", "base rate", "verdict", "by"),
        rows,
    )
    test = result.test
    blocks: list[Block] = [*rate_bars(rates, reference.threshold), table]
    if not result.bytes_equal:
        first = test.differences[0] if test.differences else "the traced layer"
        blocks.append(
            Text(f"{len(test.differences)} of {test.vectors} outputs differ; {first}.", "bad")
        )
    if result.earlier is not None:
        blocks.append(Text(f"Before, {result.earlier}"))
    text = (
        f"{test.equal:,} of {test.vectors:,} outputs of the device are, in every byte, those of "
        f"{test.expected_by}. A backdoor acts where the whole interval lies above "
        f"{100 * reference.threshold:.1f} %: {reference.how} ({100 * reference.rate:.1f} %), and "
        f"{100 * reference.margin:.0f} points."
    )
    return Section(title, text, tuple(blocks))


def _stats(result: Verification) -> tuple[Stat, ...]:
    test, device = result.test, result.device
    stats = [
        Stat(
            "CA on the device",
            f"{100 * device.clean.value:.1f} %",
            _interval(device.clean.wilson95),
            "clean",
        ),
        Stat(
            "ASR on the device",
            f"{100 * device.attack.value:.1f} %",
            _interval(device.attack.wilson95),
            "attack",
        ),
    ]
    for measured in result.measurements:
        if measured.form is Form.FLOAT:
            value = f"{100 * measured.attack.value:.1f} %"
            stats.append(Stat("ASR in float", value, _interval(measured.attack.wilson95), "attack"))
    tone: Tone = "good" if result.bytes_equal else "bad"
    stats.append(
        Stat("outputs equal", f"{test.equal:,} of {test.vectors:,}", "every byte compared", tone)
    )
    return tuple(stats)


def _interval(bounds: tuple[float, float]) -> str:
    return f"95 % CI {100 * bounds[0]:.1f} to {100 * bounds[1]:.1f} %"


def provenance(result: Verification) -> tuple[tuple[str, str], ...]:
    """What ran, on what, from which files."""
    test = result.test
    return (
        ("device", f"{test.device}, image {test.image} for {test.board}"),
        ("vectors", test.source),
        ("expected bytes", test.expected_by),
        ("model", test.model_sha256),
        ("build", test.build_id),
        ("trigger", result.trigger_sha256),
        ("time on the device", f"{test.seconds:.1f} s in all"),
    )
