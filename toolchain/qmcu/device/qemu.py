"""QEMU as a device: a process of its own, its first UART on an inherited socket."""

import contextlib
import select
import shutil
import socket
import subprocess
import tempfile
import time
import weakref
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, NoReturn

from qmcu.device.image import Image
from qmcu.device.link import COUNTER_NAMES, CountUnit
from qmcu.device.process import describe_end, start_child
from qmcu.errors import DeviceError, ToolError

_PROGRAM = "qemu-system-arm"
_CHUNK = 65536
_SEND_BUFFER = 8192
# Bytes at a time: a socket takes more once nearly all is gone, which is how progress is seen.
_PIECE = 512
_STALLED_S = 10.0
_NUDGE_S = 0.05
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class QemuMachine:
    """What there is to know of a board in QEMU.

    `machine` is its `-machine` name, `clock_hz` the frequency at which that machine's SysTick
    runs whatever the firmware does to the clock. The firmware talks on its first UART.
    """

    machine: str
    clock_hz: int


def find_qemu() -> str:
    """The path of qemu-system-arm. Raises ToolError that says how to get it."""
    path = shutil.which(_PROGRAM)
    if path is None:
        raise ToolError(
            f"{_PROGRAM} was not found on PATH; install Debian's package qemu-system-arm."
        )
    return path


@cache
def qemu_version(program: str) -> str:
    """The version number that QEMU prints. Raises ToolError when it cannot be run."""
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolError(f"{program} cannot be run: {error}.") from error
    return answer.stdout.split("version", 1)[-1].split()[0].strip("(),")


class QemuLink:
    """A link to an image that runs in a QEMU process; the process never outlives the link."""

    def __init__(self, image: Image, machine: QemuMachine) -> None:
        """Start QEMU. Raises ToolError when it is missing or does not start."""
        program = find_qemu()
        self.name = f"qemu {qemu_version(program)}"
        self._image = image
        self._clock_hz = machine.clock_hz
        self._arrived = b""
        self._socket, theirs = socket.socketpair()
        self._control, their_control = socket.socketpair()
        self._socket.setblocking(False)
        self._control.setblocking(False)
        self._control.send(b'{"execute":"qmp_capabilities"}')
        # A small buffer: what is not yet in it shows how far the firmware has come.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            command = _command(
                program, machine, image.path, theirs.fileno(), their_control.fileno()
            )
            self._process = start_child(
                command, (theirs.fileno(), their_control.fileno()), self._errors, folder="/"
            )
        except OSError as error:
            _close(self._socket, self._control, self._errors)
            raise ToolError(f"{program} cannot be started: {error.strerror}.") from error
        finally:
            _close(theirs, their_control)
        files = (self._socket, self._control, self._errors)
        self._end = weakref.finalize(self, _stop, self._process, *files)

    def write(self, data: bytes) -> None:
        """Send all of `data`, as fast as the firmware takes it; the rest is dropped when it stalls.

        A stalled firmware has crashed or hangs: `read` then gives its last words or nothing. Raises
        DeviceError when QEMU is gone and left nothing to read.
        """
        left = memoryview(data)
        try:
            while left:
                readable, writable = self._wait([self._socket], _STALLED_S)
                if readable:
                    self._arrived += self._socket.recv(_CHUNK)
                if writable:
                    left = left[self._socket.send(left[:_PIECE]) :]
                    self._nudge()
                elif not readable:
                    return
        except (OSError, ValueError) as error:
            self._arrived += self._rest()
            if not self._arrived:
                self._gone(error)

    def read(self, timeout_s: float) -> bytes:
        """Whatever has come within `timeout_s` seconds. Raises DeviceError when QEMU is gone."""
        if self._arrived:
            data, self._arrived = self._arrived, b""
            return data
        try:
            return self._receive() if self._wait([], timeout_s)[0] else b""
        except (OSError, ValueError) as error:
            self._gone(error)

    def fileno(self) -> int:
        """The descriptor that becomes readable when the firmware has sent something."""
        return self._socket.fileno()

    def _wait(
        self, sending: list[socket.socket], timeout_s: float
    ) -> tuple[list[socket.socket], list[socket.socket]]:
        """What can be read from and sent to, neither after `timeout_s`; QEMU is nudged meanwhile.

        One nudge is not enough: it may come just before the firmware asks for more.
        """
        until = time.monotonic() + max(timeout_s, 0.0)
        while True:
            left = until - time.monotonic()
            slice_s = min(max(left, 0.0), _NUDGE_S)
            readable, writable, _ = select.select([self._socket], sending, [], slice_s)
            if readable or writable or left <= _NUDGE_S:
                return readable, writable
            self._nudge()

    def _nudge(self) -> None:
        """Have QEMU look at its UARTs.

        Its main loop sleeps on when the firmware switches a CMSDK UART's receiver on, or is ready
        for more; a command that does nothing wakes it. The answers are of no interest.
        """
        with contextlib.suppress(BlockingIOError):
            self._control.send(b'{"execute":"query-name"}')
        with contextlib.suppress(BlockingIOError):
            self._control.recv(_CHUNK)

    def _receive(self) -> bytes:
        data = self._socket.recv(_CHUNK)
        if not data:
            self._gone(None)
        return data

    def _rest(self) -> bytes:
        """What a QEMU that is gone had sent: the report of a crash may be among it."""
        rest = b""
        with contextlib.suppress(OSError):
            while data := self._socket.recv(_CHUNK):
                rest += data
        return rest

    def check(self) -> None:
        """Raise DeviceError if QEMU ended."""
        if self._process.poll() is not None:
            self._gone(None)

    def counting(self, wanted: bool) -> None:
        """The virtual clock counts at no cost."""

    def count_unit(self, counter: int, clock_hz: int) -> CountUnit:
        """Instructions from SysTick: with -icount shift=0 one instruction lasts 1 ns."""
        if counter != 2:
            name = COUNTER_NAMES.get(counter, "that counter")
            return CountUnit("", f"{self.name} does not count with {name}")
        scale = _NS_PER_S / self._clock_hz
        how = f"SysTick of {self.name} with -icount shift=0, in steps of {scale:.4g} instructions"
        return CountUnit("instructions", how, scale)

    def function_at(self, address: int) -> str:
        """The function of the image at `address`."""
        return self._image.function_at(address)

    def close(self) -> None:
        """Kill QEMU; harmless when repeated."""
        self._end()

    def _gone(self, error: Exception | None) -> NoReturn:
        """Raise DeviceError that says how QEMU ended."""
        # The socket can close a moment before the process can be waited for.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2.0)
        code = self._process.returncode
        if code is None or not self._end.alive:
            raise DeviceError(f"{self.name}: the connection broke ({error or 'closed'}).")
        last = self._last_words()
        raise DeviceError(f"{self.name} {describe_end(code)}{f': {last}' if last else ''}.")

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        lines = [line for line in lines if "warning:" not in line]
        fatal = [line for line in lines if "fatal" in line]
        return (fatal or lines)[-1].strip().rstrip(".") if lines else ""


def _command(program: str, machine: QemuMachine, image: Path, uart: int, control: int) -> list[str]:
    return [
        *(
            program,
            "-machine",
            machine.machine,
            "-kernel",
            str(image.absolute()),
            "-icount",
            "shift=0",
        ),
        *("-display", "none", "-nodefaults", "-no-user-config"),
        *("-chardev", f"socket,id=uart,fd={uart}", "-serial", "chardev:uart"),
        *("-chardev", f"socket,id=control,fd={control}", "-mon", "chardev=control,mode=control"),
    ]


def _stop(process: "subprocess.Popen[bytes]", *files: socket.socket | IO[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait()
    _close(*files)


def _close(*files: socket.socket | IO[bytes]) -> None:
    for file in files:
        file.close()
