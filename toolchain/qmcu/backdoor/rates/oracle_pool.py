"""Many inputs through the tflite-micro oracle, in several processes when that pays."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Any

import numpy as np

from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.state import is_stateful
from qmcu.types import Array, Progress

# Starting workers takes about this long; less work than this is done by one.
_WORTH_WORKERS_S = 0.5
_CHUNK = 16


def run_oracle(
    model: bytes,
    inputs: Array | Sequence[Array],
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Array:
    """The first output of a model, for inputs [N, ...] of its type, or several of them: [N, ...].
    Each is an inference of its own: a state begins anew.

    `jobs` bounds the processes (default one a core). `progress(done, total)` is called as results
    come. Raises ModelError when the interpreter refuses the model or its inputs, or dies on it.
    """
    report = progress or (lambda done, total: None)
    given = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
    state = is_stateful(parse_model(model, "model"))
    oracle, total = Oracle(model), len(given[0])
    workers = min(jobs or os.cpu_count() or 1, total // _CHUNK)
    if workers > 1:
        started = time.monotonic()
        first = _run_alone(oracle, [array[:2] for array in given], state)
        left = (time.monotonic() - started) / 2 * (total - 2)
        if left > _WORTH_WORKERS_S:
            left_over = [array[2:] for array in given]
            rest = _run_workers(
                model, left_over, state, workers, lambda done: report(done + 2, total)
            )
            return np.concatenate([first, rest])
    return _run_alone(oracle, given, state, report)


def _run_alone(
    oracle: Oracle, given: Sequence[Array], state: bool, report: Progress | None = None
) -> Array:
    """The first outputs, no inference of which knows of those before where there is a `state`."""
    resets = range(len(given[0])) if state else ()
    return np.asarray(oracle.run_many(given, resets=resets, progress=report)[0])


def _run_workers(
    model: bytes,
    inputs: Sequence[Array],
    state: bool,
    workers: int,
    report: Callable[[int], None],
) -> Array:
    """Each thread waits for an oracle of its own, which is a process."""
    mine = local()

    def run(start: int) -> Any:
        if not hasattr(mine, "oracle"):
            mine.oracle = Oracle(model)
        return _run_alone(mine.oracle, [array[start : start + _CHUNK] for array in inputs], state)

    results: list[Any] = []
    total = len(inputs[0])
    with ThreadPoolExecutor(workers) as pool:
        try:
            for result in pool.map(run, range(0, total, _CHUNK)):
                results.append(result)
                report(min(len(results) * _CHUNK, total))
        except BaseException:
            # Ctrl-C, or a model that the interpreter dies on: what waits is not begun.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return np.concatenate(results)
