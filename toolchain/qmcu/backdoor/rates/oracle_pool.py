"""Many inputs through the tflite-micro oracle, in worker processes when that pays.

`python -m qmcu.backdoor.rates.oracle_pool FD` is such a worker of `qmcu.device.team`: its setup
is the model, an item some inputs, a result their outputs.
"""

import contextlib
import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from qmcu.device.team import run_team
from qmcu.errors import QmcuError
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.types import Int8Array, Progress

# Starting workers takes about this long; less work than this is done here.
_WORTH_WORKERS_S = 2.0
_CHUNK = 16


def run_oracle(
    model: bytes, inputs: Int8Array, *, jobs: int | None = None, progress: Progress | None = None
) -> Int8Array:
    """The first output of a model with one input, for int8 inputs [N, ...]: int8 [N, ...].

    `jobs` bounds the processes (default one a core); with 1 all runs in this one.
    `progress(done, total)` is called as results come. Raises ModelError when the interpreter
    refuses the model or its inputs, DeviceError when a worker dies.
    """
    report = progress or (lambda done, total: None)
    oracle, total = Oracle(model), len(inputs)
    workers = min(jobs or os.cpu_count() or 1, total // _CHUNK)
    started, outputs = time.monotonic(), []
    for row in inputs:
        outputs.append(oracle.run([row])[0])
        done = len(outputs)
        report(done, total)
        left = (time.monotonic() - started) / done * (total - done)
        if workers > 1 and done >= 2 and left > _WORTH_WORKERS_S:
            break
    first = len(outputs)
    if first < total:
        chunks = [inputs[i : i + _CHUNK] for i in range(first, total, _CHUNK)]
        outputs += [
            row
            for chunk in run_team(
                "qmcu.backdoor.rates.oracle_pool",
                model,
                chunks,
                workers=workers,
                progress=lambda done, _: report(min(first + done * _CHUNK, total), total),
                item_name="chunk",
            )
            for row in chunk
        ]
    shape = parse_model(model, "model").output_tensors[0].shape
    return np.array(outputs, np.int8).reshape(total, *shape)


def main(fd: int) -> None:
    """Serve until the parent closes the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe: Connection[Any, Any] = Connection(fd)
    with contextlib.suppress(EOFError, BrokenPipeError):
        try:
            oracle = Oracle(pipe.recv())
        except QmcuError as error:
            pipe.send((-1, error))
            return
        while True:
            index, chunk = pipe.recv()
            try:
                pipe.send((index, [oracle.run([row])[0] for row in chunk]))
            except QmcuError as error:
                pipe.send((index, error))
                return


if __name__ == "__main__":
    main(int(sys.argv[1]))
