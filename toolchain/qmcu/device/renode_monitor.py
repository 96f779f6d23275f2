"""Renode's monitor: a command in, what it printed out, or Renode's own words as an error."""

import contextlib
import os
import re
import select
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from qmcu.device.process import describe_end
from qmcu.errors import DeviceError, GuestFault

CHUNK = 65536
COMMAND_S = 30.0
_ERROR = re.compile(
    r"There was an error executing command.*|No such command or device.*|Bad parameters for.*|"
    r"Could not find file.*|No such variable.*|Failed to download.*|Errors during compilation.*|"
    r"Could not tokenize.*|Parameters did not match the signature.*|Error E\d+:.*"
)
# The processor stops for good, and a RunFor on the way never returns.
_ABORT = re.compile(
    r"\[ERROR\] (?:\S+/)?cpu: (CPU abort \[PC=(?P<pc>0x[0-9A-Fa-f]+)\].*|.*CPU was halted.*)\n"
)
# What is typed comes back behind a prompt: `(stm32f746) cpu PC`.
_ECHO = re.compile(r"\(([\w.-]+)\) .*|string \"qmcu\" \d+")
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass
class Monitor:
    """Renode's console: a command in, its output out. `name` is Renode with its version.

    `place` tells in words what code is at an address. `idle` is false while a command is under
    way, and for good once one did not come to its end: nothing can be asked any more.
    """

    process: "subprocess.Popen[bytes]"
    name: str
    place: Callable[[int], str] = hex
    idle: bool = field(default=True, init=False)
    _number: int = field(default=0, init=False)
    _text: str = field(default="", init=False)

    def command(self, text: str, limit_s: float = COMMAND_S) -> str:
        """What `text` printed (nothing for an empty one, which waits for what runs already).

        Raises DeviceError with Renode's own words when it failed, ended or took too long, and
        GuestFault when the processor stopped for good.
        """
        self._number += 1
        # The echo of this has quotes at other places than what it prints.
        marker = f'"qmcu {self._number}"'
        self.idle = False
        self._write(f'{text}\nstring "qmcu" {self._number}\n' if text
                    else f'string "qmcu" {self._number}\n')  # fmt: skip
        deadline = time.monotonic() + limit_s
        while marker not in self._text:
            self._receive(deadline, text)
        self.idle = True
        output, self._text = self._text.split(marker, 1)
        self._refuse_errors(output)
        return output

    def _write(self, text: str) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except OSError:
            self._gone()

    def _receive(self, deadline: float, text: str) -> None:
        assert self.process.stdout is not None
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
            raise DeviceError(
                f"{self.name} did not finish {text or 'its start'!r} in time{self._last_words()}."
            )
        data = os.read(self.process.stdout.fileno(), CHUNK)
        if not data:
            self._gone()
        self._text += _COLOURS.sub("", data.decode(errors="replace").replace("\r", "\n"))
        self._refuse_abort()

    def _refuse_abort(self) -> None:
        if match := _ABORT.search(self._text):
            where = f" at {self.place(int(match['pc'], 16))}" if match["pc"] else ""
            said = match[1].strip().rstrip(".")
            raise GuestFault(f"the firmware crashed{where}; {self.name}: {said}.")

    def _refuse_errors(self, output: str) -> None:
        lines = [line.strip() for line in output.split("\n") if line.strip()]
        for at, line in enumerate(lines):
            if not _ECHO.match(line) and (match := _ERROR.search(line)):
                more = [words for words in lines[at + 1 : at + 2] if not _ECHO.match(words)]
                said = ": ".join(words.rstrip(".:") for words in [match[0], *more])
                raise DeviceError(f"{self.name}: {said}.")

    def _gone(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=2.0)
        code = self.process.returncode
        ended = "closed its monitor" if code is None else describe_end(code)
        raise DeviceError(f"{self.name} {ended}{self._last_words()}.")

    def _last_words(self) -> str:
        lines = [line.strip() for line in self._text.splitlines() if line.strip()]
        said = [line for line in lines if not _ECHO.match(line)]
        return f"; its last words: {said[-1].rstrip('.')}" if said else ""
