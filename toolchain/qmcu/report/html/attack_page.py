"""`qmcu attack` as a page: what the attack reached, and the trace that it left in the weights."""

from qmcu.backdoor.attacks import AttackEvidence, AttackRun
from qmcu.backdoor.rates import Rate
from qmcu.report.html.blocks import Page, Section, Stat, Tone
from qmcu.report.html.sections import (
    evaluation_table,
    rate_bars,
    residual_section,
    samples_section,
    sentence,
    trigger_section,
)


def attack_page(run: AttackRun, evidence: AttackEvidence) -> Page:
    """The page of one attack: its rates, and what was gathered of its models."""
    rates = run.rates
    forms = (
        ("honest, float", rates.honest_float),
        ("honest, int8", rates.honest_integer),
        ("attacked, float", rates.attacked_float),
        ("attacked, int8", rates.attacked_integer),
    )
    bars = rate_bars(forms)
    example = run.dataset.test_inputs[run.dataset.test_labels != run.trigger.target][0]
    return Page(
        kind="attack",
        title=f"{run.attack.name} on {run.dataset.name}",
        status=None,
        summary=sentence(run.attack.summary),
        stats=(
            _stat("ASR in float", rates.attacked_float.attack, "attack"),
            _stat("ASR in int8", rates.attacked_integer.attack, "attack"),
            _stat("CA in float", rates.attacked_float.clean, "clean"),
            _stat("CA in int8", rates.attacked_integer.clean, "clean"),
        ),
        sections=(
            Section(
                "Rates",
                "int8 rates are those of the host's tflite-micro interpreter; qmcu verify "
                "measures them on a device.",
                (*bars, evaluation_table("Counts", forms)),
            ),
            trigger_section(run.trigger, example, evidence.change),
            _samples(run, evidence),
            residual_section(evidence.honest, evidence.attacked),
        ),
        provenance=_provenance(run),
    )


def _stat(label: str, rate: Rate, tone: Tone) -> Stat:
    low, high = rate.wilson95
    return Stat(
        label, f"{100 * rate.value:.1f} %", f"95 % CI {100 * low:.1f} to {100 * high:.1f} %", tone
    )


def _samples(run: AttackRun, evidence: AttackEvidence) -> Section:
    return samples_section(
        run.trigger, evidence.shown, evidence.labels, evidence.predictions,
        count=len(evidence.labels),
    )  # fmt: skip


def _provenance(run: AttackRun) -> tuple[tuple[str, str], ...]:
    versions = run.versions
    settings = ", ".join(f"{name} {value:g}" for name, value in run.settings.items())
    return (
        ("method", f"{run.attack.name}: {run.attack.source}"),
        ("data", str(run.dataset)),
        ("settings", settings),
        *versions.items(),
    )
