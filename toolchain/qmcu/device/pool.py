"""Many vectors at once: worker processes with a session each, results in the vectors' order."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from qmcu.device.journal import Journal, run_key
from qmcu.device.messages import InferResult
from qmcu.device.ports import PREFIX
from qmcu.device.session import Inputs
from qmcu.device.targets import ANSWER_LIMIT_S, is_serial, open_session
from qmcu.device.team import Keep, at_item, run_team
from qmcu.errors import QmcuError
from qmcu.firmware import Firmware
from qmcu.types import Progress


def infer_all(
    target: str,
    firmware: Firmware | Path,
    vectors: Sequence[Inputs],
    *,
    workers: int | None = None,
    timeout_s: float = ANSWER_LIMIT_S,
    progress: Progress | None = None,
    journal: Path | None = None,
) -> list[InferResult]:
    """Run every vector (its input tensors) on `firmware` (or its directory), results in order.

    `workers` defaults to the processor count; with one, all runs in this process, and a board on
    a serial port, being one, never has more. `progress`
    gets the finished and the total count. Answers are kept in the file `journal`, from which an
    interrupted run goes on; it is removed at the end. Raises as Session does, the message led by
    the index of the vector, or UsageError for a journal of another run; no process is left
    behind, on Ctrl-C neither.
    """
    report = progress or (lambda done, total: None)
    if not vectors:
        return []
    firmware = Firmware.of(firmware)
    if journal is None:
        results: dict[int, InferResult] = {}
        keep = results.__setitem__
        _run(target, firmware, vectors, results, keep, workers, timeout_s, report)
        return [results[i] for i in range(len(vectors))]
    flashed = b"".join(segment.data for segment in firmware.image.segments)
    with Journal(journal, run_key(_kind(target), flashed, vectors), len(vectors)) as kept:
        _run(target, firmware, vectors, kept.results, kept.add, workers, timeout_s, report)
        return [kept.results[i] for i in range(len(vectors))]


def _kind(target: str) -> str:
    """A board is the same board on whatever port it comes back."""
    return PREFIX if is_serial(target) else target


def _run(
    target: str,
    firmware: Firmware,
    vectors: Sequence[Inputs],
    results: Mapping[int, InferResult],
    keep: Keep,
    workers: int | None,
    timeout_s: float,
    report: Progress,
) -> None:
    """Run the vectors that have no result yet and hand each to `keep`."""
    missing = [i for i in range(len(vectors)) if i not in results]
    before, total = len(vectors) - len(missing), len(vectors)
    wanted = 1 if is_serial(target) else workers or os.cpu_count() or 1
    count = min(wanted, len(missing))
    if count == 0:
        return
    if count == 1:
        with open_session(target, firmware, timeout_s=timeout_s) as session:
            for done, index in enumerate(missing, before + 1):
                try:
                    keep(index, session.infer(vectors[index]))
                except QmcuError as error:
                    raise at_item("vector", index, error) from error
                report(done, total)
        return
    _ = firmware.image  # read here, not by every worker
    run_team(
        "qmcu.device.worker",
        (target, firmware, timeout_s),
        [vectors[i] for i in missing],
        workers=count,
        progress=lambda done, _: report(before + done, total),
        numbers=missing,
        keep=keep,
    )
