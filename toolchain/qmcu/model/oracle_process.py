"""Starting the processes in which tflite-micro runs, asking them, and seeing how they end."""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from qmcu.errors import ToolError
from qmcu.model.oracle_messages import NUMBER, Message, pack, unpack


class WorkerGone(Exception):
    """The worker ended, or was ended because it took too long; the text says how."""


class Worker:
    """A process of its own for one model. Raises ToolError when it cannot be started."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            self._process = _server.fork(theirs.fileno())
        finally:
            theirs.close()
        self._pipe: Connection[Any, Any] = Connection(ours.detach())
        # The worker ends when its pipe closes.
        weakref.finalize(self, self._pipe.close)

    def ask(self, header: Mapping[str, object], payload: bytes, limit_s: float) -> Message:
        """The answer to a message. Raises WorkerGone when it dies or takes over `limit_s`."""
        try:
            self._pipe.send_bytes(pack(header, payload))
            if not self._pipe.poll(limit_s):
                _server.end(self._process)
                raise WorkerGone(f"took over {limit_s:.0f} s")
            return unpack(self._pipe.recv_bytes())
        except (EOFError, OSError):
            raise WorkerGone(_described(_server.end(self._process))) from None
        except ValueError as error:
            _server.end(self._process)
            raise WorkerGone(f"answered with {error}") from None


class _Server:
    """The process that forks the workers: started when first needed, and again when it died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def fork(self, descriptor: int) -> int:
        """The process id of a worker that serves `descriptor`."""
        with self._lock:
            for fresh in (False, True):
                if fresh or self._control is None or self._owner != os.getpid():
                    self._start()
                try:
                    return self._talk(b"F" + NUMBER.pack(0), [descriptor])
                except OSError:
                    self._control = None
        raise ToolError("the process for tflite-micro cannot be started.")

    def end(self, process: int) -> int:
        """End a worker; its exit code, negative for a signal."""
        with self._lock:
            try:
                return self._talk(b"K" + NUMBER.pack(process), [])
            except OSError:
                # The server is gone, and its workers with it.
                return -signal.SIGKILL

    def close(self) -> None:
        """End the server, which ends the workers."""
        if self._process is not None and self._control is not None and self._owner == os.getpid():
            self._control.close()
            self._process.wait()

    def _talk(self, message: bytes, descriptors: list[int]) -> int:
        if self._control is None:
            raise BrokenPipeError
        socket.send_fds(self._control, [message], descriptors)
        answer = self._control.recv(NUMBER.size)
        if len(answer) < NUMBER.size:
            raise BrokenPipeError
        return int(NUMBER.unpack(answer)[0])

    def _start(self) -> None:
        if not hasattr(os, "fork"):
            raise ToolError(
                "this needs processes that fork, which Windows has not; run it under WSL "
                "(the oracle portable needs none, references of custom operators do)."
            )
        ours, theirs = socket.socketpair()
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
        try:
            # Its own session: Ctrl-C is ours to handle, and it ends when the socket closes.
            # -P: what lies in the working directory is none of our modules.
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "qmcu.model.oracle_server", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env=environment,
            )
        except OSError as error:
            raise ToolError(
                f"the process for tflite-micro cannot be started: {error.strerror}."
            ) from error
        finally:
            theirs.close()
        self._process, self._control, self._owner = process, ours, os.getpid()


_server = _Server()
atexit.register(_server.close)


def _described(code: int) -> str:
    if code >= 0:
        return f"ended with status {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
