"""The trial as small pieces of work: each model made and audited: whole, by its file, with inputs.

A result is one small JSON file, RESULTS/SEED-STAGE.json; a piece is done when its file is there.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.backdoor.store import RESULTS, readable
from bench.backdoor.trial.making import is_made, make
from bench.backdoor.trial.opening import Code
from bench.backdoor.trial.table import Entry

from qmcu import cluster
from qmcu.backdoor.detectors import AuditContext, AuditResult, audit, load_context
from qmcu.backdoor.detectors.method import load_detectors
from qmcu.backdoor.detectors.result import audit_score, judge
from qmcu.backdoor.detectors.summed_evidence import WAYS
from qmcu.documents import plain
from qmcu.errors import QmcuError
from qmcu.files import write_atomic
from qmcu.tensorflow import load_tensorflow

TRIAL_RESULTS = RESULTS / "trial"
# models: made; audit: with float, int8 and inputs; int8: the file alone; int8-inputs: with inputs;
# int8-summed: what adds up what the file alone gives away, and those that it adds up, one look
# each; the others: one detector each, asked apart from those that int8 or int8-inputs had before
# it, int8-ranges told that these are the calibration inputs; clipping with float, made better
# since.
STAGES = (
    "models", "audit", "int8", "int8-drawings", "int8-summed", "int8-inputs", "int8-sliding",
    "int8-ranges", "clipping",
)  # fmt: skip
APART = {
    "int8-drawings": ("sliding-drawings",),
    "int8-summed": (*WAYS, "summed-evidence"),
    "int8-sliding": ("sliding-answers",),
    "int8-ranges": ("remembered-ranges",),
    "clipping": ("clipping-inversion",),
}
_FILE_ALONE = ("int8", "int8-drawings", "int8-summed")
_WITH_FLOAT = ("audit", "clipping")
# A model is there until these are; it is not made once more for a stage that came later.
_KEPT_FOR = ("audit", "int8")
# Detectors that name a class by the int8 file; the stronger one's counts.
_NAMING = (
    "leading-class", "synthetic-triggers", "sliding-drawings", "disturbed-activations",
    "summed-evidence", "class-triggers", "sliding-answers",
)  # fmt: skip
_CLASS = re.compile(r"\bclass (\d+)")


@dataclass(frozen=True)
class Shop:
    """Where models and results lie, what CIFAR-10 is, and the code that audits."""

    zoo: Path
    results: Path
    cifar10: str
    code: Code | None = None


@dataclass(frozen=True)
class Piece:
    """One thing to do with one model."""

    entry: Entry
    stage: str

    @property
    def key(self) -> str:
        """What it is called in a cluster."""
        return f"{self.entry}: {self.stage}"

    def file(self, results: Path) -> Path:
        """Where its result lies."""
        return results / f"{self.entry.name}-{self.stage}.json"

    def done(self, shop: Shop) -> bool:
        """True when its result is there and whole; a model is needed until it is audited."""
        if self.stage != "models" or is_made(self.entry, shop.zoo):
            return readable(self.file(shop.results))
        stages = ("models", *_KEPT_FOR)
        return all(readable(Piece(self.entry, s).file(shop.results)) for s in stages)

    def possible(self, shop: Shop, *, making: bool = False) -> bool:
        """True when the model that it looks at is there, or, while `making`, is going to be."""
        if self.stage == "models" or is_made(self.entry, shop.zoo):
            return True
        return making and not Piece(self.entry, "models").done(shop)


def pieces(table: Sequence[Entry], stages: Sequence[str]) -> Iterator[Piece]:
    """The work of some models, in the table's order."""
    for entry in table:
        yield from (Piece(entry, stage) for stage in STAGES if stage in stages)


def plan(work: Sequence[Piece], shop: Shop) -> list[cluster.Piece]:
    """What is missing, for workers who all reach the zoo and the results."""
    missing = [piece for piece in work if not piece.done(shop)]
    made = {piece.entry: piece.key for piece in missing if piece.stage == "models"}
    return [
        cluster.Piece(
            piece.key,
            do,
            (piece, shop),
            (made[piece.entry],) if piece.stage != "models" and piece.entry in made else (),
        )
        for piece in missing
    ]


def do(piece: Piece, shop: Shop) -> None:
    """Make or measure, and write the result."""
    load_tensorflow().config.experimental.enable_op_determinism()
    if piece.stage == "models":
        result = make(piece.entry, shop.zoo, shop.cifar10)
    else:
        result = audited(piece.entry, shop, piece.stage)
    write_atomic(piece.file(shop.results), json.dumps(result, separators=(",", ":")) + "\n")


def audited(entry: Entry, shop: Shop, stage: str) -> dict[str, Any]:
    """What `qmcu audit` says of float, int8 and 200 inputs, or in a later stage of less."""
    folder = shop.zoo / entry.name
    started = time.process_time()
    data = None if stage in _FILE_ALONE else folder / "calibration.npz"
    floating = folder / "model.keras" if stage in _WITH_FLOAT else None
    try:
        exact = data if stage == "int8-ranges" else None
        file = folder / "model.tflite"
        context = load_context(floating, file, data, seed=entry.seed, calibration=exact)
        outcome = outcome_of(_apart(context, stage) if stage in APART else audit(context))
    except QmcuError as error:
        outcome = _unanswered("refused", str(error))
    except Exception as error:  # a fault of the audit's, which is one of the results
        outcome = _unanswered("crashed", f"{type(error).__name__}: {error}")
    return {
        **outcome,
        "cpu_seconds": round(time.process_time() - started, 1),
        **(plain(shop.code) if shop.code else {}),
    }


def _apart(context: AuditContext, stage: str) -> AuditResult:
    """What the detectors of a stage say, one look each; those that could not run are skipped.

    Raises QmcuError where none could.
    """
    found, skipped, failed = [], {}, []
    for name in APART[stage]:
        try:
            found.append(load_detectors()[name].run(context))
        except QmcuError as error:
            skipped[name] = str(error)
            failed.append(error)
    if not found:
        raise failed[0]
    return AuditResult(*judge(found), tuple(found), skipped, {})


def _unanswered(verdict: str, reason: str) -> dict[str, Any]:
    return {"verdict": verdict, "score": 0.0, "reason": reason, "findings": {}, "without": {}}


def outcome_of(result: AuditResult) -> dict[str, Any]:
    """A result in few words: each detector's strength, and the verdict without each.

    `without` has only the detectors whose absence changes verdict or score; `classes` what class
    each of those names that name one.
    """
    score, ties = round(result.score, 4), _ties(result.skipped)
    without = {}
    for found in result.findings:
        left = [f for f in result.findings if f is not found]
        verdict, other = judge(left, ties)[0], round(audit_score(left), 4)
        if (verdict, other) != (result.verdict, score):
            without[found.detector] = [verdict, other]
    alone = [f for f in result.findings if f.detector in _NAMING]
    most = max(
        alone, key=lambda f: (f.suspicious, f.weight == "decisive", f.strength), default=None
    )
    classes = {f.detector: int(told.group(1)) for f in alone if (told := _CLASS.search(f.reason))}
    return {
        "verdict": result.verdict,
        "score": score,
        "findings": {
            f.detector: [round(f.strength, 4), f.suspicious, f.weight] for f in result.findings
        },
        "p_values": {
            f.detector: float(f"{f.p_value:.3g}") for f in result.findings if f.p_value is not None
        },
        "without": without,
        **({"named": classes[most.detector]} if most and most.detector in classes else {}),
        **({"classes": classes} if len(classes) > 1 else {}),
        **({"ties": ties} if ties else {}),
    }


def _ties(skipped: Mapping[str, str]) -> str:
    """Why controls could not be made, from what the skipped detectors were told."""
    mark = "not applicable: "
    told = [why.removeprefix(mark) for why in skipped.values() if why.startswith(mark)]
    return told[0] if told else ""
