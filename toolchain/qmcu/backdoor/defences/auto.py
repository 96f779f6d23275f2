"""`--auto`: every defence tried, each audited, the best of those that pass kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmcu.backdoor.defences.method import find_defence, load_defences
from qmcu.backdoor.defences.run import (
    DefenceRun,
    Judged,
    audit_defence,
    check_samples,
    run_defence,
)
from qmcu.backdoor.detectors import AuditResult
from qmcu.backdoor.networks import Network
from qmcu.errors import QmcuError
from qmcu.types import Float32Array, Int64Array, Stages

# Of the inputs, the share that ranks what was made of the others, from so many inputs on: methods
# that train answer theirs by heart.
_JUDGED, _LEAST = 5, 50
# Settings by which every range is as wide as any input makes it.
WIDEST = {"narrow": 0.0}


@dataclass(frozen=True, eq=False)
class Trial:
    """One method that was tried: its run and audit, or the sentence with which it failed."""

    name: str
    run: DefenceRun | None
    audit: AuditResult | None
    failure: str = ""

    @property
    def passed(self) -> bool:
        """True when the audit finds no backdoor."""
        return self.audit is not None and self.audit.passed

    @property
    def is_awake(self) -> bool:
        """True when the audit finds that what the ranges clip is a switch."""
        if self.audit is None:
            return False
        return any(f.suspicious for f in self.audit.findings if f.detector == "clipping-inversion")

    @property
    def score(self) -> tuple[float, bool, float]:
        """What trials are ranked by, higher is better.

        Accuracy, or agreement with the float model without labels; of equal ones a clean audit
        before a suspicious one, then the lower audit score.
        """
        if self.run is None or self.audit is None:
            return -1.0, False, 0.0
        best = self.run.agreement if self.run.accuracy is None else self.run.accuracy
        return best.value, self.audit.verdict == "clean", -self.audit.score


def run_auto(
    network: Network,
    samples: Float32Array,
    labels: Int64Array | None = None,
    *,
    seed: int = 0,
    methods: Sequence[str] | None = None,
    stages: Stages | None = None,
) -> tuple[Trial, ...]:
    """Try every defence but the authors' recipes (or `methods`) with its defaults; audit each.

    Of 50 inputs and more a fifth is kept from the methods, and ranks what they make of the others.
    The ranges, which every method has of the same network and inputs, are sought once.
    One that clipping wakes is tried again with every range as wide as any input makes it. A method
    that fails is a trial too. Raises UsageError for an unknown method, VectorError for samples that
    do not fit, ToolError without TensorFlow.
    """
    check_samples(network, samples, labels)
    tell = stages or (lambda stage, done, total: None)
    names = tuple(methods or (n for n, d in load_defences().items() if not d.authors))
    for name in names:
        find_defence(name)
    own, judged = _kept_back(samples, labels, seed)
    given = samples, own, judged
    trials = []
    shared: dict[tuple[Any, ...], Any] = {}
    for name in names:
        trials.append(_try(name, network, given, seed, tell, shared))
        if trials[-1].is_awake:
            trials.append(_try(name, network, given, seed, tell, shared, WIDEST))
        tell(name, 1, 1)
    return tuple(trials)


def _kept_back(
    samples: Float32Array, labels: Int64Array | None, seed: int
) -> tuple[Judged, Judged | None]:
    """What methods are given, and what ranks them: none of few inputs."""
    if len(samples) < _LEAST:
        return (samples, labels), None
    order = np.random.default_rng([seed, 53]).permutation(len(samples))
    judging, own = (np.sort(part) for part in np.split(order, [len(samples) // _JUDGED]))
    if labels is None:
        return (samples[own], None), (samples[judging], None)
    return (samples[own], labels[own]), (samples[judging], labels[judging])


def _try(
    name: str, network: Network, given: tuple[Float32Array, Judged, Judged | None], seed: int,
    tell: Stages, shared: dict[tuple[Any, ...], Any], settings: Mapping[str, float] | None = None,
) -> Trial:  # fmt: skip
    """`given` are all inputs, those of the methods, and those that rank them."""
    samples, own, judged = given
    try:
        run = run_defence(
            name, network, *own, seed=seed, settings=settings,
            progress=_stage(tell, name), shared=shared, judged=judged,
        )  # fmt: skip
        return Trial(name, run, audit_defence(run, samples))
    except QmcuError as error:
        return Trial(name, None, None, str(error))


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The best score among those whose audit passed, the first of equal ones; None if none did."""
    return max((t for t in trials if t.passed), key=lambda t: t.score, default=None)


def _stage(tell: Stages, name: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(name, done, total)
