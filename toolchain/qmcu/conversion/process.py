"""Starting the converter's process, asking it, and saying how it ended."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import qmcu.errors
from qmcu.closing import Closing
from qmcu.conversion.before import check_source
from qmcu.conversion.confine import can_confine, wrapper
from qmcu.conversion.signatures import InputSpec
from qmcu.errors import ModelError, QmcuError, ToolError
from qmcu.extras import missing_package
from qmcu.scratch import ScratchFolder

# Files whose readers need no TensorFlow; quantizing a float one does, and says so then.
_OTHERS = (".onnx", ".pt2", ".tflite")


class ConverterProcess(Closing):
    """A process that has opened one model; `inputs` are the model's, `notes` what was changed.

    A context: the process and its folder are gone behind it. Raises ToolError when TensorFlow is
    missing, or a SavedModel would run unconfined and is not trusted; ModelError for the model.
    """

    def __init__(
        self,
        source: Path,
        *,
        signature: str | None = None,
        trust: bool = False,
        custom: tuple[str, ...] = (),
        keep_layout: bool = False,
    ) -> None:
        check_source(source)
        if source.suffix not in _OTHERS:
            _require_tensorflow()
        self._source = source
        self._folder = ScratchFolder("convert")
        self.folder = Path(self._folder.name)
        try:
            before = self._confinement(trust)
            self._process, self._channel = self._start(before)
            opened = self._ask(
                {
                    "source": str(source.absolute()), "signature": signature, "trust": trust,
                    "custom": list(custom), "confined": can_confine(),
                    "keep_layout": keep_layout,
                }
            )  # fmt: skip
        except BaseException:
            self.close()
            raise
        self.inputs = tuple(InputSpec(n, tuple(s), d) for n, s, d in opened["inputs"])
        self.notes = tuple(opened["notes"])
        self.quantized = bool(opened.get("quantized"))

    def convert(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out an order; files are in `folder` then. Raises ModelError."""
        return self._ask(order)

    def close(self) -> None:
        """End the process if it still runs, and remove its folder."""
        process = getattr(self, "_process", None)
        if process is not None:
            self._channel.close()
            process.kill()
            process.wait()
        self._folder.cleanup()

    def _confinement(self, trust: bool) -> list[str]:
        before = wrapper(self.folder)
        if before is None and self._source.is_dir() and not trust:
            raise ToolError(
                f"{self._source} is a SavedModel, whose graph may write files and use the network "
                "while it is loaded, and this machine cannot keep it from that (no Landlock in the "
                "kernel, no bubblewrap): `apt-get install bubblewrap`, or give --trust if you know "
                "where it comes from."
            )
        return before or []

    def _start(self, before: list[str]) -> tuple[subprocess.Popen[bytes], "Connection[Any, Any]"]:
        if not hasattr(os, "fork"):
            raise ToolError(
                "the converter's process gets its channel as a descriptor, which Windows does not "
                "hand on; run `qmcu convert` under WSL, or convert on another machine."
            )
        ours, theirs = socket.socketpair()
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "",
            "TMPDIR": str(self.folder),
        }
        log = (self.folder / "log").open("wb")
        try:
            process = subprocess.Popen(
                [*before, sys.executable, "-P", "-m", "qmcu.conversion.worker",
                 str(self.folder), str(theirs.fileno())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[theirs.fileno()],
                start_new_session=True, env=environment,
            )  # fmt: skip
        except OSError as error:
            ours.close()
            raise ToolError(f"the converter cannot be started: {error.strerror}.") from error
        finally:
            theirs.close()
            log.close()
        return process, Connection(ours.detach())

    def _ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        try:
            self._channel.send_bytes(json.dumps(message).encode())
            answer: dict[str, Any] = json.loads(self._channel.recv_bytes())
        except (EOFError, OSError):
            raise self._death() from None
        if "error" in answer:
            kind: Callable[[str], QmcuError] = getattr(qmcu.errors, answer["kind"], ModelError)
            raise kind(answer["error"])
        return answer

    def _death(self) -> QmcuError:
        code = self._process.wait()
        said = _last_words(self.folder / "log")
        if code < 0:
            ended = f"was killed by {signal.Signals(-code).name}"
            cause = (
                "it ran out of memory" if -code == signal.SIGKILL else "it has no way to say why"
            )
            said = said or cause
        else:
            ended = f"ended with status {code}"
        return ModelError(
            f"{self._source}: the converter {ended}" + (f" ({said})." if said else ".")
        )


def _last_words(log: Path) -> str:
    """The last line that says what went wrong, of what the process printed."""
    try:
        lines = log.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    found = [
        line.strip() for line in lines
        if any(sign in line for sign in ("Error", "error:", "Check failed", "ERROR", "Abort"))
    ]  # fmt: skip
    return found[-1].rstrip(".")[:300] if found else ""


def _require_tensorflow() -> None:
    try:
        found = importlib.util.find_spec("tensorflow")
    except ValueError:  # a module that is hidden
        found = None
    if found is None:
        raise missing_package("tensorflow", "converting")
