"""Many vectors at once: worker processes with a session each, results in the vectors' order.

The processes are this machine's, or a cluster's.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qmcu.cluster import Cluster, Piece
from qmcu.device.journal import Journal, run_key
from qmcu.device.messages import InferResult
from qmcu.device.ports import PREFIX
from qmcu.device.session import Inputs, Session
from qmcu.device.targets import ANSWER_LIMIT_S, is_serial, open_session
from qmcu.device.team import Keep, at_item, run_team
from qmcu.errors import CheckFailedError, QmcuError
from qmcu.firmware import Firmware
from qmcu.types import Progress

# Pieces of a run on a cluster: several a worker, so that a slow one holds nobody up.
_PIECES_A_WORKER = 4
_MOST_IN_A_PIECE = 256
# A Renode takes some seconds and 400 MB to start: as long as this many vectors of a small model.
_WORTH_A_RENODE = 50
# Any worker imports all of this anew and starts an emulator: what ends before is not worth one.
_ALONE_S = 1.0

# Of the answers in a journal at least so many are run again, and one in so many.
_LEAST_REPEATED, _REPEATED_SHARE = 8, 20
_NOTHING = InferResult((), None, 0)


@dataclass
class Resumed:
    """How many answers a journal gave, and how many of them were asked for once more."""

    kept: int = 0
    repeated: int = 0


def infer_all(
    target: str,
    firmware: Firmware,
    vectors: Sequence[Inputs],
    *,
    steps: int = 1,
    workers: int | None = None,
    timeout_s: float = ANSWER_LIMIT_S,
    progress: Progress | None = None,
    journal: Path | None = None,
    cluster: Cluster | None = None,
    session: Session | None = None,
    resumed: Resumed | None = None,
) -> list[InferResult]:
    """Run every vector (its input tensors) on `firmware`, results in order.

    A model that keeps a state is reset before each `steps` of them, which are one sequence.

    `workers` defaults to the processor count, fewer where an emulator starts slowly, for what is
    left after a second in this process; with one, all runs here, in `session` where one is open
    already, and a board on a serial port, being one, never has more; with a `cluster` its workers
    do it. `progress` gets the finished and the total count. Answers are kept in the file `journal`,
    from which an interrupted run goes on; it is removed at the end. A part of what it holds is run
    again, and `resumed` is told how much: a journal may be forged. Raises as Session does, the
    message led by the index of the vector, UsageError for a journal of another run, or
    CheckFailedError for one that holds what the device does not answer; no process is left behind,
    on Ctrl-C neither.
    """
    report = progress or (lambda done, total: None)
    if not vectors:
        return []
    how = _How(target, firmware, steps, workers, timeout_s, session)
    if journal is None:
        results: dict[int, InferResult] = {}
        keep = results.__setitem__
        _run(how, vectors, results, keep, report, cluster)
        return [results[i] for i in range(len(vectors))]
    flashed = b"".join(segment.data for segment in firmware.image.segments)
    kind = _kind(target) if steps == 1 else f"{_kind(target)} in sequences of {steps}"
    with Journal(journal, run_key(kind, flashed, vectors), len(vectors)) as kept:
        count = _repeat(how, vectors, kept.results, cluster, journal)
        if resumed is not None:
            resumed.kept, resumed.repeated = len(kept.results), count
        _run(how, vectors, kept.results, kept.add, report, cluster)
        return [kept.results[i] for i in range(len(vectors))]


def _kind(target: str) -> str:
    """A board is the same board on whatever port it comes back."""
    return PREFIX if is_serial(target) else target


@dataclass(frozen=True)
class _How:
    """What the vectors run on; `session`, if there is one, stays open."""

    target: str
    firmware: Firmware
    steps: int
    workers: int | None
    timeout_s: float
    session: Session | None

    def count(self, missing: int) -> int:
        """The processes for so many sequences."""
        if is_serial(self.target) or os.name == "nt":
            # A board is one; on Windows workers would not get their pipes.
            return 1
        wanted = self.workers or os.cpu_count() or 1
        if self.workers is None and self.target == "renode":
            wanted = min(wanted, missing // _WORTH_A_RENODE + 1)
        return min(wanted, missing)

    @contextlib.contextmanager
    def opened(self) -> Iterator[Session]:
        """The session that is there, else one for the time."""
        if self.session is not None:
            yield self.session
            return
        with open_session(self.target, self.firmware, timeout_s=self.timeout_s) as session:
            yield session


def _repeat(
    how: _How,
    vectors: Sequence[Inputs],
    held: Mapping[int, InferResult],
    cluster: Cluster | None,
    journal: Path,
) -> int:
    """Run a part of what the journal holds again, drawn so that nobody can foresee it.

    Returns how many answers that were. Raises CheckFailedError when one is another.
    """
    steps = how.steps
    firsts = sorted({i - i % steps for i in held})
    count = min(len(firsts), max(_LEAST_REPEATED, len(firsts) // _REPEATED_SHARE))
    again = set(secrets.SystemRandom().sample(firsts, count))
    # Everything else counts as done.
    found = {i: r for i, r in enumerate([_NOTHING] * len(vectors)) if i - i % steps not in again}
    results: dict[int, InferResult] = dict(found)
    _run(how, vectors, results, results.__setitem__, lambda done, total: None, cluster)
    repeated = [i for i in held if i not in found]
    for index in repeated:
        if results[index].outputs != held[index].outputs:
            raise CheckFailedError(
                f"{journal} says of vector {index} what the device does not answer: it was "
                "changed, or the device is not always right; remove it and run everything."
            )
    return len(repeated)


def _run(
    how: _How,
    vectors: Sequence[Inputs],
    results: Mapping[int, InferResult],
    keep: Keep,
    report: Progress,
    cluster: Cluster | None,
) -> None:
    """Run the sequences of which a vector has no result yet and hand each result to `keep`."""
    total, steps = len(vectors), how.steps
    rows = [range(first, min(first + steps, total)) for first in range(0, total, steps)]
    missing = [i for i, row in enumerate(rows) if any(r not in results for r in row)]
    before = total - sum(len(rows[i]) for i in missing)
    item = "vector" if steps == 1 else "sequence"

    def keep_sequence(index: int, found: Sequence[InferResult]) -> None:
        for row, result in zip(rows[index], found, strict=True):
            keep(row, result)

    if cluster is not None and not is_serial(how.target):
        sequences = {i: [vectors[r] for r in rows[i]] for i in missing}
        _run_on(cluster, how.target, how.firmware, sequences, keep_sequence, how.timeout_s, report)
        return
    count = how.count(len(missing))
    if count == 1 or (count > 1 and how.workers is None):
        started, first = time.monotonic(), len(missing)
        with how.opened() as session:
            while missing:
                index = missing.pop(0)
                try:
                    keep_sequence(index, session.infer_sequence([vectors[r] for r in rows[index]]))
                except QmcuError as error:
                    raise at_item(item, index, error) from error
                before += len(rows[index])
                report(before, total)
                rest_is_longer = 2 * len(missing) > first
                if count > 1 and rest_is_longer and time.monotonic() - started > _ALONE_S:
                    break
    if not missing:
        return
    _ = how.firmware.image  # read here, not by every worker
    run_team(
        "qmcu.device.worker",
        (how.target, how.firmware, how.timeout_s),
        [[vectors[r] for r in rows[i]] for i in missing],
        workers=how.count(len(missing)),
        progress=lambda done, _: report(min(before + done * steps, total), total),
        item_name=item,
        numbers=missing,
        keep=keep_sequence,
    )


def _run_on(
    cluster: Cluster,
    target: str,
    firmware: Firmware,
    sequences: Mapping[int, Sequence[Inputs]],
    keep: Callable[[int, Sequence[InferResult]], None],
    timeout_s: float,
    report: Progress,
) -> None:
    """Run sequences on a cluster, some at a time: opening a session takes as long as several."""
    _ = firmware.image  # travels with it; QEMU and Renode read the file, under the same path
    numbers = list(sequences)
    workers = max(1, cluster.workers)  # those that have come so far
    size = max(1, min(_MOST_IN_A_PIECE, len(numbers) // (workers * _PIECES_A_WORKER)))
    parts = [numbers[first : first + size] for first in range(0, len(numbers), size)]
    pieces = [
        Piece(str(n), infer_part, (target, firmware, [sequences[i] for i in part], part, timeout_s))
        for n, part in enumerate(parts)
    ]

    def keep_part(key: str, results: Sequence[Sequence[InferResult]]) -> None:
        for number, result in zip(parts[int(key)], results, strict=True):
            keep(number, result)

    cluster.run(pieces, keep_part, report)


def infer_part(
    target: str,
    firmware: Firmware,
    sequences: Sequence[Sequence[Inputs]],
    numbers: Sequence[int],
    timeout_s: float,
) -> list[Sequence[InferResult]]:
    """The answers to some sequences, whose `numbers` an error names. Raises as `infer_all`."""
    item = "vector" if all(len(s) == 1 for s in sequences) else "sequence"
    with open_session(target, firmware, timeout_s=timeout_s) as session:
        results: list[Sequence[InferResult]] = []
        for number, rows in zip(numbers, sequences, strict=True):
            try:
                results.append(session.infer_sequence(rows))
            except QmcuError as error:
                raise at_item(item, number, error) from error
        return results
