"""What is told of a defence, as the document of `qmcu defend --json`."""

from collections.abc import Mapping
from dataclasses import dataclass

from qmcu.backdoor.defences.auto import Trial
from qmcu.backdoor.defences.files import Defended
from qmcu.backdoor.defences.run import DefenceRun, MeasuredOn
from qmcu.backdoor.detectors import AuditResult
from qmcu.backdoor.grids import Proof
from qmcu.backdoor.rates import Rate
from qmcu.types import Amount, Sha256


@dataclass(frozen=True)
class RunRecord:
    """A defence that ran: what it is, what the int8 model does, and the proof of its numbers.

    The agreements are with the float model, on the inputs that `on` names and on noise.
    """

    method: str
    source: str
    settings: Mapping[str, float]
    audited_against: str
    on: MeasuredOn
    agreement: Rate
    noise_agreement: Rate
    accuracy: Rate | None
    float_accuracy: Rate | None
    seconds: Amount
    loss: tuple[float, ...]
    proof: Proof
    versions: Mapping[str, str]


@dataclass(frozen=True)
class TrialRecord:
    """One method that was tried: its run and audit, or the sentence with which it failed."""

    method: str
    failure: str
    passed: bool
    run: RunRecord | None
    audit: AuditResult | None


@dataclass(frozen=True)
class DefenceDocument:
    """What was tried, and which of it was written; `files` are the inputs' SHA-256 by path."""

    __schema__ = "defence-1"

    kept: str | None
    output: str | None
    files: Mapping[str, Sha256]
    proof: Proof | None
    trials: tuple[TrialRecord, ...]


def defence_document(defended: Defended) -> DefenceDocument:
    """The whole result."""
    kept = defended.kept
    return DefenceDocument(
        kept=None if kept is None else kept.name,
        output=None if kept is None else str(defended.output),
        files=defended.files,
        proof=defended.proof,
        trials=tuple(map(_trial, defended.trials)),
    )


def _trial(trial: Trial) -> TrialRecord:
    run = None if trial.run is None else _run(trial.run)
    return TrialRecord(trial.name, trial.failure, trial.passed, run, trial.audit)


def _run(run: DefenceRun) -> RunRecord:
    return RunRecord(
        method=run.defence.name,
        source=run.defence.source,
        settings={"seed": run.seed, **run.settings},
        audited_against=run.reference_name,
        on=run.on,
        agreement=run.agreement,
        noise_agreement=run.noise_agreement,
        accuracy=run.accuracy,
        float_accuracy=run.float_accuracy,
        seconds=round(run.seconds, 2),
        loss=tuple(round(v, 5) for v in run.losses[:: max(1, len(run.losses) // 50)]),
        proof=run.proof,
        versions=run.versions,
    )
