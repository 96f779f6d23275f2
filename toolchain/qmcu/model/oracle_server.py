"""The processes in which tflite-micro runs, so that what kills it kills nothing else.

`python -m qmcu.model.oracle_server FD` loads the interpreter once and forks a worker for each
model (milliseconds instead of the half second that a fresh process takes). FD is a socket:
`F` with a descriptor forks a worker that serves it, the answer being its process id; `K` with a
process id ends that worker, the answer being how it ended. All ends when the socket closes.

A worker is served no code and no pickles: a message is a JSON header and plain bytes, and the
answers are measured by the asking side before they are used.
"""

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

try:
    import resource
except ImportError:  # Windows, where nobody starts this program
    resource = None  # type: ignore[assignment]
try:
    from tflite_micro import runtime
except ImportError:  # the workers run references of custom operators alone
    runtime = None

from qmcu.model.oracle_messages import NUMBER, Message, join, pack, split, unpack
from qmcu.model.reference_server import ReferenceRunner
from qmcu.types import Array

_MEMORY_BYTES = 2 << 30
_ARENA_SIZES = tuple(1 << n for n in range(18, 30, 2))
_LOG_BYTES = 4000
_PR_SET_PDEATHSIG = 1
# What an interpreter is for, and what it keeps of an inference for that.
_RUN, _TRACE = "run", "tensors"
_OUTPUTS, _TENSORS = "kAllocationRecording", "kPreserveAllTensors"


class _Worker:
    """One model in one process; the methods are named by the `do` of a message."""

    def __init__(self, log: int) -> None:
        self._log = log
        self._model = b""
        self._fresh = False
        self._kept = {_RUN: _OUTPUTS, _TRACE: _TENSORS}
        self._interpreters: dict[str, Any] = {}
        self._reference: ReferenceRunner | None = None

    def open(self, header: Mapping[str, Any], payload: bytes) -> Message:
        """Take the model; `fresh` says that a reset needs a new interpreter, `keep` that
        outputs keep their values until they are computed again."""
        self._model, self._fresh = payload, bool(header["fresh"])
        if header["keep"]:
            self._kept[_RUN] = _TENSORS
        # Memory beyond what this process has already: arena, model, the schema's objects.
        _limit_memory(_MEMORY_BYTES + 8 * len(payload))
        self._interpreter(_RUN)
        return {}, b""

    def reference(self, header: Mapping[str, Any], payload: bytes) -> Message:
        """Rows through a custom operator's reference, which is Python of the user's own."""
        if self._reference is None:
            _limit_memory(_MEMORY_BYTES)
            self._reference = ReferenceRunner()
        return self._reference.run(header, payload)

    def reset(self, header: Mapping[str, Any], payload: bytes) -> Message:
        """State as it is before the first inference."""
        for purpose in list(self._interpreters):
            self._reset(purpose)
        return {}, b""

    def run(self, header: Mapping[str, Any], payload: bytes) -> Message:
        """Inferences in a row: each input's [N, ...] in one piece, so the outputs."""
        inputs = split(payload, header["inputs"], header["rows"])
        resets = set(header["resets"])
        rows = []
        for row in range(header["rows"]):
            if row in resets:
                self._reset(_RUN)
            interpreter = self._infer(_RUN, [array[row] for array in inputs])
            rows.append([interpreter.get_output(i) for i in range(header["outputs"])])
        outputs = [np.stack([row[i] for row in rows]) for i in range(header["outputs"])]
        return {"dtypes": [a.dtype.name for a in outputs]}, join(outputs)

    def tensors(self, header: Mapping[str, Any], payload: bytes) -> Message:
        """One inference and the tensors asked for, by index in the first subgraph."""
        inputs = split(payload, header["inputs"], 1)
        interpreter = self._infer(_TRACE, [array[0] for array in inputs])
        values = [interpreter.GetTensor(i, 0)["tensor_data"] for i in header["wanted"]]
        return {"dtypes": [a.dtype.name for a in values]}, join(values)

    def _infer(self, purpose: str, inputs: Sequence[Array]) -> Any:
        interpreter = self._interpreter(purpose)
        for position, value in enumerate(inputs):
            interpreter.set_input(value, position)
        interpreter.invoke()
        return interpreter

    def _interpreter(self, purpose: str) -> Any:
        if purpose not in self._interpreters:
            config = getattr(runtime.InterpreterConfig, self._kept[purpose])
            self._interpreters[purpose] = self._new(config)
        return self._interpreters[purpose]

    def _new(self, config: Any) -> Any:
        problem: Exception = ValueError("no arena size")
        for size in _ARENA_SIZES:
            self.said()
            try:
                return runtime.Interpreter.from_bytes(
                    self._model, arena_size=size, intrepreter_config=config
                )
            except (RuntimeError, ValueError) as error:
                problem = error
        raise problem

    def _reset(self, purpose: str) -> None:
        if self._fresh:
            self._interpreters.pop(purpose, None)
        elif purpose in self._interpreters:
            self._interpreters[purpose].reset()

    def said(self) -> str:
        """What the interpreter printed since this was last asked: its last lines."""
        size = os.fstat(self._log).st_size
        if not size:
            return ""
        text = os.pread(self._log, _LOG_BYTES, max(0, size - _LOG_BYTES))
        os.ftruncate(self._log, 0)
        os.lseek(self._log, 0, os.SEEK_SET)
        return text.decode("utf-8", "replace")


def _limit_memory(more: int) -> None:
    """Let this process take so many bytes more, where the system can bound it (macOS cannot)."""
    allowed = _address_space() + more
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))


def _address_space() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 1 << 30
    return pages * resource.getpagesize()


def _work(pipe: "Connection[Any, Any]") -> None:
    """Answer one side's messages until it is gone."""
    log = os.memfd_create("log") if hasattr(os, "memfd_create") else os.open(os.devnull, os.O_RDWR)
    os.dup2(log, 1)
    os.dup2(log, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    worker = _Worker(log)
    while True:
        header, payload = unpack(pipe.recv_bytes())
        try:
            answer, content = getattr(worker, header["do"])(header, payload)
        except MemoryError:
            answer, content = {"memory": _MEMORY_BYTES}, b""
        except Exception as error:
            answer, content = {"error": str(error) or type(error).__name__}, b""
        pipe.send_bytes(pack({**answer, "said": worker.said()}, content))


def _fork(descriptor: int, control: socket.socket) -> int:
    server = os.getpid()
    child = os.fork()
    if child:
        os.close(descriptor)
        return child
    try:
        _die_with(server)
        control.close()
        with contextlib.suppress(EOFError, OSError):
            _work(Connection(descriptor))
    finally:
        os._exit(0)


def _die_with(parent: int) -> None:
    """Let the kernel end this process when its parent ends."""
    import ctypes

    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _collect(ended: dict[int, int]) -> None:
    """Note how workers ended that nobody has asked about."""
    with contextlib.suppress(ChildProcessError):
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            ended[child] = os.waitstatus_to_exitcode(status)


def _end(child: int, ended: dict[int, int]) -> int:
    if child not in ended:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        ended[child] = os.waitstatus_to_exitcode(status)
    return ended.pop(child)


def main(fd: int) -> None:
    """Serve until the other side closes the socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=fd)
    ended: dict[int, int] = {}
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1 + NUMBER.size, 1)
        if len(message) < 1 + NUMBER.size:
            return
        _collect(ended)
        (number,) = NUMBER.unpack(message[1:])
        if message[:1] == b"F":
            answer = _fork(descriptors[0], control)
            ended.pop(answer, None)
        else:
            answer = _end(number, ended)
        control.sendall(NUMBER.pack(answer))


if __name__ == "__main__":
    main(int(sys.argv[1]))
