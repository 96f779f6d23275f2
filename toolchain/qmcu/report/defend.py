"""Defences that were tried, as a table, and what was written."""

from collections.abc import Iterator

from rich.console import RenderableType

from qmcu.backdoor.defences import DefenceRun, Defended, Trial
from qmcu.backdoor.rates import Rate
from qmcu.report.audit import VERDICT_COLOURS
from qmcu.report.plain import Cell, PlainTable, line

_INPUTS = {"calibration": "calibration", "kept back": "kept back from it"}


def defended_lines(outcome: Defended) -> Iterator[RenderableType]:
    """Every trial in a row, the proof, and how the figures were obtained."""
    table = PlainTable("defence", "audit")
    table.add_numbers("accuracy", "as float", "as float, noise", "not nearest", "seconds")
    for trial in outcome.trials:
        table.add_row(*_row(trial, trial is outcome.kept and len(outcome.trials) > 1))
    yield table
    for trial in outcome.trials:
        if trial.failure:
            yield f"{trial.name} failed: {trial.failure}"
    kept = outcome.kept
    if kept is None or kept.run is None or kept.audit is None or outcome.proof is None:
        yield "no defence passed its audit; nothing was written."
        return
    run = kept.run
    yield f"{run.defence.name}: {run.defence.summary} ({run.defence.source})"
    if run.float_accuracy is not None:
        yield f"accuracy of the float model on the same inputs: {run.float_accuracy}"
    yield (
        f"int8 answers on {run.agreement.total} {_INPUTS[run.on]} and "
        f"{run.noise_agreement.total} noise inputs by {run.versions['int8 arithmetic']}, "
        f"converted by {run.converter}"
    )
    yield f"proved: {outcome.proof}"
    colour = VERDICT_COLOURS[kept.audit.verdict]
    both = " and the given one" if run.retrained else ""
    yield line(f"audit against {run.reference_name}{both}: ", (kept.audit.verdict, colour))
    if kept.audit.verdict != "clean":
        for reason in kept.audit.reasons:
            yield f"  - {reason}"
    yield f"wrote {outcome.output}, sha256 {outcome.proof.sha256}"


def _row(trial: Trial, kept: bool) -> tuple[Cell, ...]:
    name: Cell = line((f"{trial.name} (kept)", "bold")) if kept else trial.name
    if trial.run is None or trial.audit is None:
        return name, "failed", *[""] * 5
    run: DefenceRun = trial.run
    colour = VERDICT_COLOURS[trial.audit.verdict]
    return (
        name,
        line((trial.audit.verdict, colour)),
        "no labels" if run.accuracy is None else _percent(run.accuracy),
        _percent(run.agreement),
        _percent(run.noise_agreement),
        f"{run.proof.not_nearest / run.proof.weights:.1%}",
        f"{run.seconds:.1f}",
    )


def _percent(rate: Rate) -> str:
    return f"{rate.value:.1%}"
