"""The boot loader of ST's AN3155 on a pseudo-terminal, and the board behind it once it jumps."""

import contextlib
import os
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path

from qmcu.board import Board
from qmcu.device.image import Image, Segment, read_image
from qmcu.device.targets import unicorn_machine
from qmcu.device.unicorn import UnicornLink

ACK, NACK = b"\x79", b"\x1f"
GET, VERSION, ID, READ, GO, WRITE, ERASE = 0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44


class SerialBoard:
    """A thread with one end of a pseudo-terminal; `path` is the other end's name."""

    def __init__(self, run: Callable[["SerialBoard"], None]) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._guarded, args=(run,), daemon=True)
        self._thread.start()

    def _guarded(self, run: Callable[["SerialBoard"], None]) -> None:
        with contextlib.suppress(EOFError):
            run(self)

    def wait(self, timeout_s: float = 0.05) -> bytes:
        """What has come within `timeout_s`. Raises EOFError once the test is over."""
        if self._stop.is_set():
            raise EOFError
        ready = select.select([self._master], [], [], timeout_s)[0]
        return os.read(self._master, 4096) if ready else b""

    def take(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        while len(self._pending) < count:
            self._pending += self.wait()
        taken, self._pending = self._pending[:count], self._pending[count:]
        return taken

    _pending = b""

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        while data:
            data = data[os.write(self._master, data) :]

    def close(self) -> None:
        """End the thread and close the terminal."""
        self._stop.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)


class BootLoader:
    """Flash of zeros until it is erased; a byte at `stuck` never takes what is written."""

    def __init__(self, board: Board, elf: Path, chip_id: int, stuck: int | None = None) -> None:
        self._board, self._elf, self._id, self._stuck = board, elf, chip_id, stuck
        self.flash = bytearray(board.flash.size)
        self.commands: list[int] = []

    def run(self, line: SerialBoard) -> None:
        """Serve until the host says GO, then be the firmware that was written."""
        assert line.take(1) == b"\x7f"
        line.send(ACK)
        while True:
            command, inverse = line.take(2)
            assert command ^ inverse == 0xFF
            self.commands.append(command)
            line.send(ACK)
            if command == GET:
                line.send(bytes([7, 0x31, GET, VERSION, ID, READ, GO, WRITE, ERASE]) + ACK)
            elif command == VERSION:
                line.send(b"\x31\0\0" + ACK)
            elif command == ID:
                line.send(b"\x01" + self._id.to_bytes(2, "big") + ACK)
            elif command == ERASE:
                pages = int.from_bytes(line.take(2), "big")
                line.take(1 if pages >= 0xFFF0 else 2 * (pages + 1) + 1)
                self.flash[:] = b"\xff" * len(self.flash)
                line.send(ACK)
            else:
                address = self._address(line)
                if command == GO:
                    return self._boot(line)
                count = line.take(1)[0] + 1
                if command == READ:
                    line.take(1)
                    line.send(ACK + self.flash[address : address + count])
                else:
                    self._write(address, line.take(count))
                    line.take(1)
                    line.send(ACK)

    def _address(self, line: SerialBoard) -> int:
        *address, check = line.take(5)
        assert check == address[0] ^ address[1] ^ address[2] ^ address[3]
        line.send(ACK)
        return int.from_bytes(address, "big") - self._board.flash.start

    def _write(self, address: int, data: bytes) -> None:
        for at, byte in enumerate(data, address):
            self.flash[at] &= byte
            if at == self._stuck:
                self.flash[at] = byte ^ 1

    def _boot(self, line: SerialBoard) -> None:
        run_firmware(line, self._board, read_image(self._elf), bytes(self.flash))


def run_firmware(line: SerialBoard, board: Board, image: Image, flash: bytes) -> None:
    """The board with `flash` in its memory, in Unicorn; `image` only names functions."""
    whole = Image(
        image.path, int.from_bytes(flash[4:8], "little"), (Segment(board.flash.start, flash),),
        image.symbols, image.functions, image.hard_float,
    )  # fmt: skip
    link = UnicornLink(whole, unicorn_machine(board))
    while True:
        said = link.read(0.2)
        if said:
            line.send(said)
        heard = line.wait(0.01)
        if heard:
            link.write(heard)
