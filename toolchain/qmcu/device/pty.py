"""A link's firmware behind a pseudo-terminal: for other programs it is a board on a serial port."""

import os
import select
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

from qmcu.closing import Closing
from qmcu.device.link import Link
from qmcu.errors import ToolError, UsageError

try:
    import pty
    import tty
except ImportError:  # Windows
    pty = None  # type: ignore[assignment]

_CHUNK = 4096
# How often a link that no `select` can watch is asked for news.
_POLL_S = 0.005
_PATIENCE_S = 0.2


@runtime_checkable
class Watchable(Protocol):
    """A link whose news `select` can wait for."""

    def fileno(self) -> int:
        """The descriptor that becomes readable."""


class Port(Closing):
    """A pseudo-terminal whose far end, `path`, other programs open; a context manager.

    It stays open when they leave, as a board's port does. `link` is a second name for it (a
    symbolic link), removed at the end. Raises UsageError when that name is taken, ToolError on a
    system without pseudo-terminals.
    """

    def __init__(self, link: Path | None = None) -> None:
        refuse_without_terminals()
        self._ours, self._theirs = pty.openpty()
        # Otherwise the line would echo the board's first words back to it.
        tty.setraw(self._theirs)
        self.path = os.ttyname(self._theirs)
        self._link = link
        if link is not None:
            try:
                if link.is_symlink() and not link.exists():
                    link.unlink()  # of a server that was killed
                link.symlink_to(self.path)
            except OSError as error:
                self._link = None
                self.close()
                raise UsageError(f"cannot make {link}: {error.strerror}.") from error

    def fileno(self) -> int:
        """The descriptor that becomes readable when the other side has written."""
        return self._ours

    def read(self) -> bytes:
        """What the other side wrote, at least one byte."""
        return os.read(self._ours, _CHUNK)

    def write(self, data: bytes) -> None:
        """Send all of `data`; what nobody reads is lost when the terminal is full, as on a wire."""
        os.set_blocking(self._ours, False)
        try:
            while data:
                data = data[os.write(self._ours, data) :]
        except BlockingIOError:
            if select.select([], [self._ours], [], 1.0)[1]:
                self.write(data)
        finally:
            os.set_blocking(self._ours, True)

    def close(self) -> None:
        """Close both ends; harmless when repeated."""
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link = None
        for descriptor in (self._ours, self._theirs):
            if descriptor >= 0:
                os.close(descriptor)
        self._ours = self._theirs = -1


def refuse_without_terminals() -> None:
    """Raise ToolError on a system that has no pseudo-terminals."""
    if pty is None:
        raise ToolError(
            "an emulated board on a serial port needs pseudo-terminals, which Windows has not; run "
            "it under WSL, or test with --on unicorn."
        )


def serve(link: Link, port: Port, wanted: Callable[[], bool]) -> None:
    """Carry bytes between `link` and `port` while `wanted()`, asked several times a second.

    Raises GuestFault or DeviceError when the firmware crashes or its emulator ends.
    """
    sources: list[Port | Watchable] = [port]
    if isinstance(link, Watchable):
        sources.append(link)
    wait_s, read_s = (_PATIENCE_S, 0.0) if len(sources) > 1 else (_POLL_S, _POLL_S)
    while wanted():
        readable, _, _ = select.select(sources, [], [], wait_s)
        if port in readable:
            link.write(port.read())
        while data := link.read(read_s):
            port.write(data)
        if not readable:
            link.check()
