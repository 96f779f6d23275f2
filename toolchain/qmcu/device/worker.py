"""A worker process of the pool: one session, vectors in, results out, over a pipe.

Started as `python -m qmcu.device.worker FD`. First it gets (target, firmware, time-out), then
(index, rows of inputs) until None, each a sequence from a reset state on; it sends (index, results
or QmcuError), index -1 when opening failed.
"""

import contextlib
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from qmcu.device.targets import open_session
from qmcu.errors import QmcuError


def main(fd: int) -> None:
    """Serve until told to stop or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # So that the session is closed, and with it an emulator of another process.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    pipe: Connection[Any, Any] = Connection(fd)
    with contextlib.suppress(EOFError, BrokenPipeError):
        _serve(pipe)


def _serve(pipe: "Connection[Any, Any]") -> None:
    target, firmware, timeout_s = pipe.recv()
    try:
        session = open_session(target, firmware, timeout_s=timeout_s)
    except QmcuError as error:
        pipe.send((-1, error))
        return
    with session:
        while (work := pipe.recv()) is not None:
            index, rows = work
            try:
                pipe.send((index, session.infer_sequence(rows)))
            except QmcuError as error:
                pipe.send((index, error))
                return


if __name__ == "__main__":
    main(int(sys.argv[1]))
