"""The converter without its process, so that a test does not import TensorFlow once more."""

import contextlib
import json
import socket
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from qmcu.conversion.process import ConverterProcess
from qmcu.conversion.worker import answer_errors


def start_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a ConverterProcess be a thread: it opens and converts alike, but is not confined."""
    monkeypatch.setattr(ConverterProcess, "_start", _start)


class _Thread:
    def __init__(self, folder: Path, channel: "Connection[Any, Any]") -> None:
        self._thread = threading.Thread(target=_serve, args=(folder, channel))
        self._thread.start()

    def kill(self) -> None:
        """Nothing: a thread ends by itself when its channel is closed."""

    def wait(self) -> int:
        self._thread.join()
        return 1


def _serve(folder: Path, channel: "Connection[Any, Any]") -> None:
    # The channel ends where whoever asked has seen enough.
    with channel, contextlib.suppress(EOFError):
        answer_errors(channel, folder, json.loads(channel.recv_bytes()))


def _start(self: ConverterProcess, before: list[str]) -> Any:
    ours, theirs = socket.socketpair()
    return _Thread(self.folder, Connection(theirs.detach())), Connection(ours.detach())
