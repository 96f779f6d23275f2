"""Many vectors at once: worker processes with a session each, results in the vectors' order."""

import contextlib
import multiprocessing.connection
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qmcu.device.messages import InferResult
from qmcu.device.process import describe_end, start_child
from qmcu.device.session import Inputs
from qmcu.device.targets import ANSWER_LIMIT_S, open_session
from qmcu.errors import DeviceError, QmcuError

# One vector in work and the next one waiting, so that a worker never waits for us.
_IN_FLIGHT = 2

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
    with _workers(count, setup) as team:
        return _distribute(team, vectors, report)


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
                raise _at_vector(index, error) from error
            progress(len(results), len(vectors))
    return results


@dataclass
class _Worker:
    process: "subprocess.Popen[bytes]"
    pipe: "multiprocessing.connection.Connection[Any, Any]"
    working_on: list[int] = field(default_factory=list)

    def gone(self) -> DeviceError:
        """What to say when the process ended without a word."""
        code = self.process.wait()
        at = f"vector {self.working_on[0]}: " if self.working_on else ""
        return DeviceError(f"{at}a worker process {describe_end(code)}.")


@contextlib.contextmanager
def _workers(count: int, setup: tuple[str, Path, float]) -> Iterator[list[_Worker]]:
    team: list[_Worker] = []
    with tempfile.TemporaryFile() as errors:
        try:
            for _ in range(count):
                ours, theirs = multiprocessing.connection.Pipe()
                command = [sys.executable, "-m", "qmcu.device.worker", str(theirs.fileno())]
                try:
                    team.append(_Worker(start_child(command, [theirs.fileno()], errors), ours))
                except OSError as error:
                    raise DeviceError(f"a worker cannot be started: {error.strerror}.") from error
                finally:
                    theirs.close()
                _send(team[-1], setup)
            yield team
        finally:
            for worker in team:
                worker.process.kill()
            for worker in team:
                worker.process.wait()
                worker.pipe.close()


def _distribute(
    team: list[_Worker], vectors: Sequence[Inputs], progress: Progress
) -> list[InferResult]:
    results: dict[int, InferResult] = {}
    waiting = iter(range(len(vectors)))
    for worker in team * _IN_FLIGHT:
        _give(worker, waiting, vectors)
    while len(results) < len(vectors):
        by_pipe = {worker.pipe: worker for worker in team if worker.working_on}
        for pipe in multiprocessing.connection.wait(list(by_pipe)):
            worker = by_pipe[pipe]  # type: ignore[index]
            index, result = _receive(worker)
            if isinstance(result, QmcuError):
                raise _at_vector(index, result) if index >= 0 else result
            worker.working_on.remove(index)
            results[index] = result
            _give(worker, waiting, vectors)
        progress(len(results), len(vectors))
    return [results[index] for index in range(len(vectors))]


def _give(worker: _Worker, waiting: Iterator[int], vectors: Sequence[Inputs]) -> None:
    index = next(waiting, None)
    if index is not None:
        worker.working_on.append(index)
        _send(worker, (index, vectors[index]))


def _send(worker: _Worker, message: Any) -> None:
    # A worker that is gone is noticed when its answer is awaited.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        worker.pipe.send(message)


def _receive(worker: _Worker) -> Any:
    try:
        return worker.pipe.recv()
    except (EOFError, ConnectionResetError):
        raise worker.gone() from None


def _at_vector(index: int, error: QmcuError) -> QmcuError:
    return type(error)(f"vector {index}: {error}")
