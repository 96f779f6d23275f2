"""Renode as a device: a headless process, told what to do through its monitor.

The emulation runs only inside `read`, in slices of virtual time, so that a time-out means the
same on every machine. The monitor is the console on the process's standard input and output; at
the end of that input Renode quits by itself.
"""

import contextlib
import os
import re
import select
import socket
import subprocess
import time
import weakref

from qmcu.board import Board
from qmcu.device.image import Image
from qmcu.device.link import COUNTER_NAMES, CountUnit
from qmcu.device.process import describe_end, kill_group, start_child
from qmcu.device.renode_monitor import CHUNK, COMMAND_S, Monitor
from qmcu.device.renode_program import find_renode, renode_version
from qmcu.device.renode_script import MIPS, board_commands, platform_file
from qmcu.errors import DeviceError, ToolError

_START_S = 120.0
# Wall-clock seconds for each virtual second in a command.
_PACE = 60.0
_QUIT_S = 10.0
# An exchange is first given what the last one took, then an eighth more each time: what runs on
# after the answer costs the time of what came before it.
_SHORTEST_SLICE_S, _GROWTH = 0.001, 1 / 8
_LONGEST_SLICE_S = 4.0
# An answer in the first slice may have come long before its end: the next one begins shorter.
_SHRINK = 15 / 16
# What the firmware sent in a slice arrives through a thread of Renode's.
_SETTLE_S = 0.002
_STARTS = 3
_NUMBER = re.compile(r"0x[0-9A-Fa-f]{1,16}")


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
        # Virtual seconds since the last request, and what an exchange took before.
        self._spent_s, self._usual_s = 0.0, _SHORTEST_SLICE_S
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
        port = _free_port()
        image = self._image.path.absolute()
        commands = board_commands(board, platform_file(board), image, port)
        command = [program, "--disable-gui", "--plain", "--console"]
        try:
            process = start_child(command, (), conversation=True, folder="/")
        except OSError as error:
            raise ToolError(f"{program} cannot be started: {error.strerror}.") from error
        self._monitor = Monitor(process, self.name, self._place)
        self._uart = socket.socket()
        self._end = weakref.finalize(self, _stop, self._monitor, self._uart)
        try:
            self._monitor.command("", _START_S)
            for line in commands:
                self._monitor.command(line, _START_S)
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
        if self._spent_s:
            self._spent_s, self._usual_s = 0.0, self._spent_s
        try:
            self._uart.sendall(data)
        except OSError as error:
            self.check()
            raise DeviceError(f"{self.name}: the UART's connection broke ({error}).") from error

    def read(self, timeout_s: float) -> bytes:
        """Run the firmware until it sends something; empty after `timeout_s` virtual seconds."""
        data, left = self._arrived(0.0), timeout_s
        while not data and left > 0:
            step = min(self._slice_s(), left)
            self._monitor.command(f'emulation RunFor "{step:.6f}"', COMMAND_S + _PACE * step)
            self._spent_s += step
            left -= step
            data = self._arrived(_SETTLE_S)
        return data

    def _slice_s(self) -> float:
        wanted = self._spent_s * _GROWTH if self._spent_s else self._usual_s * _SHRINK
        return min(max(wanted, _SHORTEST_SLICE_S), _LONGEST_SLICE_S)

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
            # After a failure there is nobody to ask.
            if self._monitor.idle:
                self.instructions = self.executed() - self._counted_from
            self._counted_from = None

    def executed(self) -> int:
        """Instructions that the CPU has executed since its reset."""
        return self._number("cpu ExecutedInstructions")

    def whereabouts(self) -> str:
        """Where the processor is, in words; empty when Renode cannot be asked any more."""
        if not self._monitor.idle:
            return ""
        return f"the processor is at {self._place(self._number('cpu PC'))}"

    def count_unit(self, counter: int, clock_hz: int) -> CountUnit:
        """Instructions: DWT and SysTick tick once for each, as far as a translated block goes."""
        how = f"{COUNTER_NAMES[counter]} of {self.name}"
        if counter not in (1, 2):
            return CountUnit("", f"{self.name} counts only through DWT CYCCNT and SysTick")
        how = f"{how} at one tick an instruction ({MIPS} MIPS), to a block exact"
        return CountUnit("instructions", how)

    def _number(self, command: str) -> int:
        output = self._monitor.command(command)
        numbers = _NUMBER.findall(output)
        if not numbers:
            what = command.removeprefix("cpu ")
            raise DeviceError(f"{self.name} tells no {what} ({output.strip()!r}).")
        return int(numbers[-1], 16)

    def _place(self, address: int) -> str:
        name = self.function_at(address)
        return f"0x{address:08x} in {name}" if name else f"0x{address:08x}, which is no code"

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
            data = self._uart.recv(CHUNK)
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


def _stop(monitor: Monitor, uart: socket.socket) -> None:
    process = monitor.process
    uart.close()
    assert process.stdin is not None and process.stdout is not None
    if monitor.idle:
        with contextlib.suppress(OSError):
            process.stdin.write(b"quit\n")
            process.stdin.flush()
    # What is under way would have to end before the command is read, or the end of input noticed.
    patience = _QUIT_S if monitor.idle else 0.0
    with contextlib.suppress(OSError):
        process.stdin.close()
    # Its last words would otherwise fill the pipe and hold it up.
    deadline = time.monotonic() + patience
    with contextlib.suppress(OSError):
        while select.select([process.stdout], [], [], max(deadline - time.monotonic(), 0))[0]:
            if not os.read(process.stdout.fileno(), CHUNK):
                break
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=max(deadline - time.monotonic(), 0.0))
    # The program may be a script around the emulator: what it started is in its group.
    kill_group(process)
    process.wait()
    process.stdout.close()
