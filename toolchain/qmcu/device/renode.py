"""Renode as a device: a headless process, told what to do through its monitor.

The emulation runs only inside `read`, in slices of virtual time, so that a time-out means the
same on every machine. The monitor is the console on the process's standard input and output; at
the end of that input Renode quits by itself.
"""

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import time
import weakref
from dataclasses import dataclass
from pathlib import Path

from qmcu.board import Board
from qmcu.device.image import Image
from qmcu.device.link import CountUnit
from qmcu.device.process import describe_end, start_child
from qmcu.device.renode_program import find_renode, renode_version
from qmcu.device.renode_script import MIPS, board_script, platform_file
from qmcu.errors import DeviceError, ToolError
from qmcu.scratch import ScratchFolder

_CHUNK = 65536
_START_S = 120.0
# Wall-clock seconds for a command, and for each virtual second in it.
_COMMAND_S, _PACE = 30.0, 60.0
_QUIT_S = 10.0
_FIRST_SLICE_S, _LONGEST_SLICE_S = 0.001, 0.064
# What the firmware sent in a slice arrives through a thread of Renode's.
_SETTLE_S = 0.002
_STARTS = 3
_ERROR = re.compile(
    r"There was an error executing command.*|No such command or device.*|Bad parameters for.*|"
    r"Could not find file.*|No such variable.*|Failed to download.*|Errors during compilation.*|"
    r"Error E\d+:.*"
)
_COUNT = re.compile(r"0x[0-9A-Fa-f]{1,16}")


@dataclass
class Monitor:
    """Renode's console: a command in, its output out. `name` is Renode with its version."""

    process: "subprocess.Popen[bytes]"
    name: str
    _number: int = 0
    _text: str = ""

    def command(self, text: str, limit_s: float = _COMMAND_S) -> str:
        """What `text` printed (nothing for an empty one, which waits for what runs already).

        Raises DeviceError with Renode's own words when it failed, ended or took too long.
        """
        self._number += 1
        # The echo of this has quotes at other places than what it prints.
        marker = f'"qmcu {self._number}"'
        self._write(f'{text}\nstring "qmcu" {self._number}\n' if text
                    else f'string "qmcu" {self._number}\n')  # fmt: skip
        deadline = time.monotonic() + limit_s
        while marker not in self._text:
            self._receive(deadline, text)
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
                f"{self.name} did not finish {text or 'its script'!r} in time{self._last_words()}."
            )
        data = os.read(self.process.stdout.fileno(), _CHUNK)
        if not data:
            self._gone()
        self._text += data.decode(errors="replace")

    def _refuse_errors(self, output: str) -> None:
        lines = [line.strip() for line in output.replace("\r", "\n").split("\n") if line.strip()]
        for at, line in enumerate(lines):
            if match := _ERROR.search(line):
                after = f": {lines[at + 1].rstrip('.')}" if at + 1 < len(lines) else ""
                raise DeviceError(f"{self.name}: {match[0].rstrip('.')}{after}.")

    def _gone(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=2.0)
        code = self.process.returncode
        ended = "closed its monitor" if code is None else describe_end(code)
        raise DeviceError(f"{self.name} {ended}{self._last_words()}.")

    def _last_words(self) -> str:
        lines = [line.strip() for line in self._text.splitlines() if line.strip()]
        return f"; its last words: {lines[-1].rstrip('.')}" if lines else ""


class RenodeLink:
    """A link to an image that runs in Renode; the process never outlives the link."""

    def __init__(self, image: Image, board: Board) -> None:
        """Start Renode, load the image and stop before its first instruction.

        Raises ToolError when Renode is missing, too old or does not start, DeviceError when its
        script fails, whatever its exit code.
        """
        program = find_renode()
        self.name = f"renode {renode_version(program)}"
        self._image = image
        self._counted_from: int | None = None
        # Instructions of the whole last counted exchange, polling included.
        self.instructions = 0
        for attempt in range(_STARTS):
            try:
                self._start(program, board)
                return
            except _PortTakenError as error:
                if attempt == _STARTS - 1:
                    raise DeviceError(str(error)) from error

    def _start(self, program: str, board: Board) -> None:
        # Not named renode-*: Renode removes such folders.
        folder = ScratchFolder("renode")
        port = _free_port()
        script = Path(folder.name) / "board.resc"
        image = self._image.path.absolute()
        script.write_text(board_script(board, platform_file(board), image, port))
        command = [program, "--disable-gui", "--plain", "--console", str(script)]
        try:
            process = start_child(command, (), conversation=True, folder=folder.name)
        except OSError as error:
            folder.cleanup()
            raise ToolError(f"{program} cannot be started: {error.strerror}.") from error
        self._uart = socket.socket()
        self._end = weakref.finalize(self, _stop, process, self._uart, folder)
        self._monitor = Monitor(process, self.name)
        try:
            self._monitor.command("", _START_S)
            self._uart.connect(("127.0.0.1", port))
        except OSError as error:
            self._end()
            raise DeviceError(f"{self.name} opened no UART on port {port}: {error}.") from error
        except DeviceError as error:
            self._end()
            if "ddress already in use" in str(error):
                raise _PortTakenError(str(error)) from error
            raise
        except BaseException:
            self._end()
            raise
        self._uart.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def write(self, data: bytes) -> None:
        """Queue `data` for the firmware's UART. Raises DeviceError when Renode is gone."""
        try:
            self._uart.sendall(data)
        except OSError as error:
            self.check()
            raise DeviceError(f"{self.name}: the UART's connection broke ({error}).") from error

    def read(self, timeout_s: float) -> bytes:
        """Run the firmware until it sends something; empty after `timeout_s` virtual seconds."""
        data = self._arrived(0.0)
        slice_s, left = _FIRST_SLICE_S, timeout_s
        while not data and left > 0:
            step = min(slice_s, left)
            self._monitor.command(f'emulation RunFor "{step:.6f}"', _COMMAND_S + _PACE * step)
            left -= step
            slice_s = min(2 * slice_s, _LONGEST_SLICE_S)
            data = self._arrived(_SETTLE_S)
        return data

    def check(self) -> None:
        """Raise DeviceError if Renode ended."""
        code = self._monitor.process.poll()
        if code is not None:
            raise DeviceError(f"{self.name} {describe_end(code)}.")

    def counting(self, wanted: bool) -> None:
        """Read the CPU's instructions before and after: `instructions` is their difference."""
        if wanted:
            self._counted_from = self.executed()
        elif self._counted_from is not None:
            self.instructions = self.executed() - self._counted_from
            self._counted_from = None

    def executed(self) -> int:
        """Instructions that the CPU has executed since its reset."""
        output = self._monitor.command("cpu ExecutedInstructions")
        counts = _COUNT.findall(output)
        if not counts:
            raise DeviceError(f"{self.name} tells no ExecutedInstructions ({output.strip()!r}).")
        return int(counts[-1], 16)

    def count_unit(self, counter: int, clock_hz: int) -> CountUnit:
        """Instructions: the DWT ticks once for each, as far as a translated block goes."""
        if counter != 1:
            return CountUnit("", f"{self.name} counts only through DWT CYCCNT")
        how = f"DWT of {self.name} at one tick an instruction ({MIPS} MIPS), to a block exact"
        return CountUnit("instructions", how)

    def function_at(self, address: int) -> str:
        """The function of the image at `address`."""
        return self._image.function_at(address)

    def close(self) -> None:
        """Have Renode quit, or kill it; harmless when repeated."""
        self._end()

    def _arrived(self, wait_s: float) -> bytes:
        try:
            if not select.select([self._uart], [], [], wait_s)[0]:
                return b""
            data = self._uart.recv(_CHUNK)
        except (OSError, ValueError) as error:
            raise DeviceError(f"{self.name}: the UART's connection broke ({error}).") from error
        if not data:
            self.check()
            raise DeviceError(f"{self.name} closed the UART's connection.")
        return data


class _PortTakenError(Exception):
    """Somebody took the port between our looking for it and Renode's opening it."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _stop(
    process: "subprocess.Popen[bytes]",
    uart: socket.socket,
    folder: ScratchFolder,
) -> None:
    uart.close()
    assert process.stdin is not None and process.stdout is not None
    with contextlib.suppress(OSError):
        process.stdin.write(b"quit\n")
        process.stdin.flush()
    with contextlib.suppress(OSError):
        process.stdin.close()
    # Its last words would otherwise fill the pipe and hold it up.
    deadline = time.monotonic() + _QUIT_S
    with contextlib.suppress(OSError):
        while select.select([process.stdout], [], [], max(deadline - time.monotonic(), 0))[0]:
            if not os.read(process.stdout.fileno(), _CHUNK):
                break
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=max(deadline - time.monotonic(), 0.1))
    # The program may be a script around the emulator: what it started is in its group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    folder.cleanup()
