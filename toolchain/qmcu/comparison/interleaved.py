"""The models of one image in turn, an inference each: none may disturb what another answers."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from qmcu.comparison.result import TestResult
from qmcu.comparison.run import profile_first, result_of, rule_of
from qmcu.device import InferResult, ProfileResult, Session, open_session
from qmcu.device.session import StateLost
from qmcu.device.targets import about_model
from qmcu.device.team import at_item
from qmcu.errors import QmcuError
from qmcu.firmware import Firmware
from qmcu.model.scoring import Decision
from qmcu.model.vectors import Vectors, random_vectors
from qmcu.types import Progress

# A sequence that is lost more often in a row is not begun again.
_REPETITIONS = 30


@dataclass
class Turn:
    """One of the models, its vectors and where they come from, in words."""

    firmware: Firmware
    vectors: Vectors
    source: str
    results: list[InferResult] = field(default_factory=list)
    lost: int = 0

    @property
    def done(self) -> bool:
        """Whether every vector has its answer."""
        return len(self.results) == len(self.vectors)

    def take(self, session: Session) -> None:
        """Run the next vector; from a reset state on where one is the first of its sequence.

        Where its state was lost with an answer the model's next turn begins the sequence anew.
        """
        index = len(self.results)
        step = index % self.vectors.steps
        session.turn_to(**about_model(self.firmware))
        try:
            if step == 0:
                session.reset()
            self.results.append(session.infer([a[index] for a in self.vectors.inputs]))
            self.lost = 0
        except StateLost:
            self.lost += 1
            if self.lost > _REPETITIONS:
                raise
            del self.results[index - step :]
        except QmcuError as error:
            raise at_item(f"{self.firmware.plan.name}: vector", index, error) from error


def run_in_turn(
    loaded: Sequence[Firmware],
    target: str,
    count: int,
    steps: int | None = None,
    seed: int = 0,
    watch: Callable[[str, int], AbstractContextManager[Progress]] | None = None,
) -> tuple[TestResult, ...]:
    """`count` random inputs on each of the models of an image, an inference of each in turn.

    Models that keep a state get sequences of `steps`. `watch` opens a progress report by its title
    and its total. Raises as `run_vectors`.
    """
    watch = watch or (lambda title, total: nullcontext(lambda done, total: None))
    turns = []
    for firmware in loaded:
        graph, content = firmware.model
        # Steps are of models that keep a state; of the others each input stands alone.
        rows = steps if firmware.plan.states else None
        with watch(f"expected bytes of {firmware.plan.name}", count) as advance:
            vectors = random_vectors(graph, content, count, seed=seed, steps=rows, progress=advance)
        what = "inputs" if vectors.steps == 1 else "sequences"
        turns.append(Turn(firmware, vectors, f"{count} random {what}, seed {seed}, in turn"))
    with watch(f"running on {target}", sum(len(turn.vectors) for turn in turns)) as advance:
        return run_interleaved(turns, target, progress=advance)


def run_interleaved(
    turns: Sequence[Turn],
    target: str,
    decision: Decision | None = None,
    progress: Progress | None = None,
) -> tuple[TestResult, ...]:
    """Run the vectors of all models in one session, one inference of each in turn.

    The first vector of each is run before with counting on. What the `seconds` of a result count is
    the whole run. Raises as `run_vectors`.
    """
    report = progress or (lambda done, total: None)
    total = sum(len(turn.vectors) for turn in turns)
    rules = [rule_of(turn.vectors, decision) for turn in turns]
    started = time.monotonic()
    profiled: list[ProfileResult | None] = []
    with open_session(target, turns[0].firmware) as session:
        for turn in turns:
            session.turn_to(**about_model(turn.firmware))
            profiled.append(profile_first(session, turn.vectors))
        while not all(turn.done for turn in turns):
            for turn in turns:
                if not turn.done:
                    turn.take(session)
            report(sum(len(turn.results) for turn in turns), total)
    seconds = time.monotonic() - started
    return tuple(
        replace(
            result_of(t.firmware, session, t.vectors, t.source, t.results, counted, rule),
            seconds=seconds,
        )
        for t, counted, rule in zip(turns, profiled, rules, strict=True)
    )
