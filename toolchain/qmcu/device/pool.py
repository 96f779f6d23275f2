"""Many vectors at once: worker processes with a session each, results in the vectors' order."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from qmcu.device.messages import InferResult
from qmcu.device.session import Inputs
from qmcu.device.targets import ANSWER_LIMIT_S, open_session
from qmcu.device.team import at_item, run_team
from qmcu.errors import QmcuError

Progress = Callable[[int, int], None]


def infer_all(
    target: str,
    build_directory: Path,
    vectors: Sequence[Inputs],
    *,
    workers: int | None = None,
    timeout_s: float = ANSWER_LIMIT_S,
    progress: Progress | None = None,
) -> list[InferResult]:
    """Run every vector (its input tensors) and return the results in the same order.

    `workers` defaults to the processor count; with one, all runs in this process. `progress`
    gets the finished and the total count. Raises as Session does, the message led by the index
    of the vector; no process is left behind, on Ctrl-C neither.
    """
    count = min(workers or os.cpu_count() or 1, len(vectors))
    report = progress or (lambda done, total: None)
    if not vectors:
        return []
    if count == 1:
        return _here(target, build_directory, vectors, timeout_s, report)
    setup = (target, build_directory, timeout_s)
    return run_team("qmcu.device.worker", setup, vectors, workers=count, progress=report)


def _here(
    target: str,
    build_directory: Path,
    vectors: Sequence[Inputs],
    timeout_s: float,
    progress: Progress,
) -> list[InferResult]:
    results: list[InferResult] = []
    with open_session(target, build_directory, timeout_s=timeout_s) as session:
        for index, vector in enumerate(vectors):
            try:
                results.append(session.infer(vector))
            except QmcuError as error:
                raise at_item("vector", index, error) from error
            progress(len(results), len(vectors))
    return results
