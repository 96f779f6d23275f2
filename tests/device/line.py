"""A board on a serial cable: an image in Unicorn behind a pseudo-terminal that can do harm.

The cable flips, drops, repeats and adds bytes (`Noise`), carries bytes only while both ends have
the same bit rate, and only up to `fastest`; the board can be reset, unplugged and plugged in.
"""

import contextlib
import errno
import os
import random
import select
import termios
import threading
import tty
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import SupportsIndex

from qmcu.board import load_built_board
from qmcu.device.image import Image, read_image
from qmcu.device.targets import unicorn_machine
from qmcu.device.unicorn import UnicornLink
from qmcu.errors import GuestFault

RATES = {
    getattr(termios, name): int(name[1:])
    for name in dir(termios)
    if name.startswith("B") and name[1:].isdigit()
}


class Noise:
    """Harms `share` of the pieces of data, each in one of several ways; repeatable by `seed`.

    `done` counts what was done.
    """

    def __init__(self, seed: int, share: float) -> None:
        self._random = random.Random(seed)
        self._share = share
        self.done: Counter[str] = Counter()
        self._ways: tuple[Callable[[bytearray], bytearray], ...] = (
            self._flip, self._drop, self._lose, self._repeat, self._add, self._cut,
        )  # fmt: skip

    def __call__(self, data: bytes) -> bytes:
        self.done["pieces"] += 1
        if self._random.random() >= self._share:
            return data
        way = self._random.choice(self._ways)
        self.done[way.__name__.lstrip("_")] += 1
        return bytes(way(bytearray(data)))

    def _flip(self, data: bytearray) -> bytearray:
        for _ in range(self._random.randint(1, 3)):
            data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)
        return data

    def _drop(self, data: bytearray) -> bytearray:
        at = self._random.randrange(len(data))
        del data[at : at + self._random.randint(1, 4)]
        return data

    def _lose(self, data: bytearray) -> bytearray:
        return bytearray()

    def _repeat(self, data: bytearray) -> bytearray:
        return data * 2

    def _add(self, data: bytearray) -> bytearray:
        at = self._random.randrange(len(data) + 1)
        data[at:at] = self._random.randbytes(self._random.randint(1, 20))
        return data

    def _cut(self, data: bytearray) -> bytearray:
        del data[self._random.randrange(len(data)) :]
        return data


def clean(data: bytes) -> bytes:
    """A cable that does no harm."""
    return data


class Wire(bytearray):
    """What the board sends, each byte as it arrives: `pass_on` may harm it on its way."""

    def __init__(self, pass_on: Callable[[int], int]) -> None:
        super().__init__()
        self._pass_on = pass_on

    def append(self, byte: SupportsIndex, /) -> None:
        super().append(self._pass_on(int(byte)))


class FakeBoard:
    """The image of a firmware directory behind the port `path`, running in a thread.

    `uart_hz` is the clock of its UART; with it, bytes pass only where both ends have the same
    rate, and only up to `fastest`.
    """

    def __init__(self, directory: Path, path: Path, *, noise: Callable[[bytes], bytes] = clean,
                 uart_hz: int = 0, fastest: int = 1 << 31) -> None:  # fmt: skip
        self.path = path
        self.noise = noise
        self.fastest = fastest
        self.silent = False
        self.rates: list[int] = []
        self._uart_hz = uart_hz
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._master = self._slave = -1
        self.flash(directory)
        self.plug_in()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def flash(self, directory: Path) -> None:
        """Put another image on the board and start it."""
        board = load_built_board(directory)
        image: Image = read_image(directory / "firmware.elf")

        def start() -> UnicornLink:
            return UnicornLink(image, unicorn_machine(board))

        self._start = start
        self.reset()

    def reset(self) -> None:
        """The reset button."""
        with self._lock:
            self.restart()

    def restart(self) -> None:
        """A reset from within `noise`, that is, while bytes pass."""
        self.link = self._start()
        self.link.uart.sent = Wire(lambda byte: byte if self._fits() else 0)

    def unplug(self) -> None:
        """Pull the USB cable: the port is gone, the board without power."""
        with self._lock:
            self.path.unlink()
            os.close(self._master)
            os.close(self._slave)
            self._master = -1

    def plug_in(self) -> None:
        """Put it back: the port has another number behind the same name, the board starts."""
        self.reset()
        with self._lock:
            self._master, self._slave = os.openpty()
            tty.setraw(self._slave)
            self.path.symlink_to(os.ttyname(self._slave))

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()
        if self._master >= 0:
            self.unplug()

    def _run(self) -> None:
        while not self._stop.is_set():
            master = self._master
            if master < 0:
                self._stop.wait(0.01)
                continue
            with contextlib.suppress(OSError, ValueError):
                if select.select([master], [], [], 0.01)[0]:
                    self._pass_on(self._from_host())
                else:
                    self._pass_on(b"")

    def _from_host(self) -> bytes:
        try:
            return os.read(self._master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return b""

    def _pass_on(self, data: bytes) -> None:
        with self._lock:
            if self.silent:
                return
            fits = self._fits()
            data = self.noise(data) if data else data
            self.link.uart.put(data if fits else bytes(len(data)), broken=not fits)
            self.link.write(b"")
            answer = self._answer()
            if answer and self._master >= 0:
                os.write(self._master, answer)

    def _answer(self) -> bytes:
        parts = []
        with contextlib.suppress(GuestFault):
            while data := self.link.read(5.0):
                parts.append(self.noise(data))
        return b"".join(parts)

    def _fits(self) -> bool:
        divisor = self.link.uart.divisor
        if not self._uart_hz or not divisor:
            return True
        ours = self._uart_hz / divisor
        speed: int = termios.tcgetattr(self._master)[5]
        theirs = RATES[speed]
        if not self.rates or self.rates[-1] != theirs:
            self.rates.append(theirs)
        return abs(ours - theirs) < 0.03 * theirs and theirs <= self.fastest
