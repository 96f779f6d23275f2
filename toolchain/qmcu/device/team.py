"""A team of worker processes: items in, results out in the items' order.

A worker is `python -m MODULE FD`, FD being a pipe. It first receives the team's setup, then
(index, item) until the pipe closes, and sends (index, result) or (index, QmcuError); index -1
says that the setup failed.
"""

import contextlib
import multiprocessing.connection
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from qmcu.device.process import describe_end, start_child
from qmcu.errors import DeviceError, QmcuError
from qmcu.types import Progress

# One item in work and the next one waiting, so that a worker never waits for us.
_IN_FLIGHT = 2
# An emulator that a worker started takes a while to quit.
_GRACE_S, _BUSY_GRACE_S = 10.0, 1.0

Keep = Callable[[int, Any], None]


def run_team(
    module: str,
    setup: object,
    items: Sequence[object],
    *,
    workers: int,
    progress: Progress,
    item_name: str = "vector",
    numbers: Sequence[int] | None = None,
    keep: Keep | None = None,
) -> list[Any]:
    """Let `workers` processes of `module` work on all `items`; their results in order.

    `progress(done, total)` is told the finished items, `keep(number, result)` each result as it
    comes. Raises what a worker sends, led by `item_name` and number, or DeviceError when one
    dies; no process is left behind, on Ctrl-C neither. `numbers` are the items' own, when these
    are not all.
    """
    numbered = list(zip(numbers or range(len(items)), items, strict=True))
    with _workers(module, workers, setup, item_name) as team:
        return _distribute(team, numbered, progress, keep or (lambda number, result: None))


def at_item(name: str, index: int, error: QmcuError) -> QmcuError:
    """The same error, its message led by the item that it belongs to."""
    return type(error)(f"{name} {index}: {error}")


@dataclass
class _Worker:
    process: "subprocess.Popen[bytes]"
    pipe: "multiprocessing.connection.Connection[Any, Any]"
    item_name: str
    working_on: list[int] = field(default_factory=list)

    def gone(self) -> DeviceError:
        """What to say when the process ended without a word."""
        code = self.process.wait()
        at = f"{self.item_name} {self.working_on[0]}: " if self.working_on else ""
        return DeviceError(f"{at}a worker process {describe_end(code)}.")


@contextlib.contextmanager
def _workers(module: str, count: int, setup: object, item_name: str) -> Iterator[list[_Worker]]:
    team: list[_Worker] = []
    with tempfile.TemporaryFile() as errors:
        try:
            for _ in range(count):
                ours, theirs = multiprocessing.connection.Pipe()
                # -P: what lies in the working directory is none of our modules.
                command = [sys.executable, "-P", "-m", module, str(theirs.fileno())]
                path = os.pathsep.join(filter(None, sys.path))
                environment = os.environ | {"PYTHONPATH": path}
                try:
                    process = start_child(
                        command, [theirs.fileno()], errors, environment=environment
                    )
                    team.append(_Worker(process, ours, item_name))
                except OSError as error:
                    raise DeviceError(f"a worker cannot be started: {error.strerror}.") from error
                finally:
                    theirs.close()
            # Only now: a large setup waits until its worker reads, and all start meanwhile.
            for worker in team:
                _send(worker, setup)
            yield team
        finally:
            _dismiss(team)


def _dismiss(team: list[_Worker]) -> None:
    """End all workers: those that wait for work by themselves, with what they started."""
    for worker in team:
        worker.pipe.close()
        if worker.working_on:
            # In the middle of its work it does not look at its pipe.
            worker.process.terminate()
    busy = any(worker.working_on for worker in team)
    deadline = time.monotonic() + (_BUSY_GRACE_S if busy else _GRACE_S)
    for worker in team:
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.process.wait(max(deadline - time.monotonic(), 0.0))
        worker.process.kill()
    for worker in team:
        worker.process.wait()


def _distribute(
    team: list[_Worker], items: list[tuple[int, object]], progress: Progress, keep: Keep
) -> list[Any]:
    results: dict[int, Any] = {}
    waiting = iter(items)
    for worker in team * _IN_FLIGHT:
        _give(worker, waiting)
    while len(results) < len(items):
        by_pipe = {worker.pipe: worker for worker in team if worker.working_on}
        for pipe in multiprocessing.connection.wait(list(by_pipe)):
            worker = by_pipe[pipe]  # type: ignore[index]
            index, result = _receive(worker)
            if isinstance(result, QmcuError):
                raise at_item(worker.item_name, index, result) if index >= 0 else result
            worker.working_on.remove(index)
            results[index] = result
            keep(index, result)
            _give(worker, waiting)
        progress(len(results), len(items))
    return [results[number] for number, _ in items]


def _give(worker: _Worker, waiting: Iterator[tuple[int, object]]) -> None:
    item = next(waiting, None)
    if item is not None:
        worker.working_on.append(item[0])
        _send(worker, item)


def _send(worker: _Worker, message: object) -> None:
    # A worker that is gone is noticed when its answer is awaited.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        worker.pipe.send(message)


def _receive(worker: _Worker) -> Any:
    try:
        return worker.pipe.recv()
    except (EOFError, ConnectionResetError):
        raise worker.gone() from None
