"""Many inputs through the tflite-micro oracle, in several processes when that pays."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Any

import numpy as np

from qmcu.model.oracle import Oracle
from qmcu.types import Array, Progress

# Starting workers takes about this long; less work than this is done by one.
_WORTH_WORKERS_S = 0.5
_CHUNK = 16


def run_oracle(
    model: bytes, inputs: Array, *, jobs: int | None = None, progress: Progress | None = None
) -> Array:
    """The first output of a model with one input, for inputs [N, ...] of its type: [N, ...].

    `jobs` bounds the processes (default one a core). `progress(done, total)` is called as results
    come. Raises ModelError when the interpreter refuses the model or its inputs, or dies on it.
    """
    report = progress or (lambda done, total: None)
    oracle, total = Oracle(model), len(inputs)
    workers = min(jobs or os.cpu_count() or 1, total // _CHUNK)
    if workers > 1:
        started = time.monotonic()
        first = oracle.run_many([inputs[:2]])[0]
        left = (time.monotonic() - started) / 2 * (total - 2)
        if left > _WORTH_WORKERS_S:
            rest = _run_workers(model, inputs[2:], workers, lambda done: report(done + 2, total))
            return np.concatenate([first, rest])
    return np.asarray(oracle.run_many([inputs], progress=report)[0])


def _run_workers(model: bytes, inputs: Array, workers: int, report: Callable[[int], None]) -> Array:
    """Each thread waits for an oracle of its own, which is a process."""
    mine = local()

    def run(chunk: Array) -> Any:
        if not hasattr(mine, "oracle"):
            mine.oracle = Oracle(model)
        return mine.oracle.run_many([chunk])[0]

    results = []
    chunks = [inputs[i : i + _CHUNK] for i in range(0, len(inputs), _CHUNK)]
    with ThreadPoolExecutor(workers) as pool:
        try:
            for result in pool.map(run, chunks):
                results.append(result)
                report(min(len(results) * _CHUNK, len(inputs)))
        except BaseException:
            # Ctrl-C, or a model that the interpreter dies on: what waits is not begun.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return np.concatenate(results)
