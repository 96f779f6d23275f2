"""A session over a line that may lose, damage or repeat bytes, be unplugged, or be too fast.

While an answer is awaited and the line is quiet, HELLO asks whether the board is idle: requests
are answered in order, so an answer to HELLO alone says that the request or its answer was lost.
The bit rate is raised as docs/PROTOCOL.md says, and lowered where it does not hold.
"""

import contextlib
import time
from collections.abc import Sequence
from typing import Any

from qmcu.device import messages
from qmcu.device.admission import Again
from qmcu.device.frames import Frame, FrameReader, encode
from qmcu.device.link import LineLost
from qmcu.device.messages import BAUD_ARGUMENT, Request, Response
from qmcu.device.ports import serial_ports
from qmcu.device.serial_link import SerialLink
from qmcu.device.session import DAMAGED, HELLO_INTERVAL_S, UNKNOWN, Refused, Session
from qmcu.errors import DeviceError

# Rates that adapters commonly offer, in bit/s, fastest first.
RATES = (
    4_000_000, 3_000_000, 2_000_000, 1_500_000, 1_000_000, 921_600, 460_800, 230_400,
)  # fmt: skip
# Quiet seconds after which the board is asked whether it still works on the request.
PAUSE_S = 0.5
_CUTS = 20
_UNANSWERED = 3
_OVERDUE_S = 1.0
_KNOWN = 8
_LOSSES_AT_RATE = 4
_CHECKS = 8
_SWITCH_S = 0.005

# The fastest rate that held on each port, so that the next session need not search for it.
_found: dict[str, int] = {}


class SerialSession(Session):
    """A session that outlives noise, resets, unplugging and rates that do not hold."""

    link: SerialLink
    repetitions = 30

    def __init__(
        self, link: SerialLink, *, fastest: int = 0, pause_s: float = PAUSE_S, **options: Any
    ) -> None:
        """As Session; `fastest` bounds the bit rate (0: stay at the first one).

        `pause_s` is how long the line may be quiet before the board is asked for a sign of life.
        """
        self._fastest = min(fastest, _found.get(link.name, fastest))
        self._pause_s = pause_s
        self._usual_s = 0.0
        self._line_s = 0.0
        self._sent_at = 0.0
        self._probe: Frame | None = None
        self._unanswered = 0
        self._heard = 0
        self._sent = 0
        self._answered = 0
        # The raised rate that was left, and the one that had to be left before.
        self._left_rate = self._failed_rate = 0
        super().__init__(link, **options)

    def close(self) -> None:
        """Bring the board back to the rate it started with, if it still listens; then close."""
        self.link.reconnect_s = 0.0
        if self.link.baud != self.link.boot_baud and self.link.is_open:
            with contextlib.suppress(Again, LineLost, DeviceError):
                self._ask(Request.BAUD, BAUD_ARGUMENT.pack(self.link.boot_baud))
        super().close()

    def _open(self) -> None:
        for _ in range(_CUTS):
            try:
                self._start_anew()
                return
            except LineLost as lost:
                reason = lost
        raise DeviceError(f"{reason}, {_CUTS} times in a row; check cable and power.")

    def _start_anew(self) -> None:
        self._reader, self._arrived = FrameReader(), []
        self.link.set_baud(self.link.boot_baud)
        self.link.received = self._sent = 0
        super()._open()
        # A board that was reset has its first rate already and answers the first HELLO.
        if self._left_rate and self._sent > 1:
            self._mistrust(self._left_rate)
        self._left_rate = 0
        for rate in RATES if self._may_ask else ():
            if self.link.boot_baud < rate <= self._fastest and self._raise_rate(rate):
                break
        _found[self.link.name] = self.link.baud

    @property
    def _may_ask(self) -> bool:
        """Whether the board answers more than HELLO to us."""
        return not self.hello.access or self._admission.is_open

    def _exchange(self, kind: Request, payload: bytes) -> bytes:
        for _ in range(_CUTS):
            try:
                answer = super()._exchange(kind, payload)
            except LineLost as lost:
                reason = lost
                self._open()
                self._give_up_state(kind, str(lost))
                continue
            if kind is not Request.BAUD:
                self._answered += 1
                self._usual_s += (time.monotonic() - self._sent_at - self._usual_s) / 4
            return answer
        raise DeviceError(f"{reason}, {_CUTS} times in a row; check cable and power.")

    def _send(self, request: Frame) -> None:
        self._probe, self._unanswered, self._heard = None, 0, 0
        self._sent += 1
        data = encode(request)
        self._line_s = 10 * len(data) / self.link.baud
        self._sent_at = time.monotonic()
        self.link.write(data)

    def _receive(self, left_s: float) -> bytes:
        pause_s = self._line_s + self._patience_s()
        data = self.link.read(min(left_s, pause_s)) if left_s > 0 else b""
        self._heard += len(data)
        if not data:
            if left_s <= pause_s:
                raise Again(f"no answer came within {self._timeout_s:g} s")
            self._ask_for_life()
        return data

    def _patience_s(self) -> float:
        """Quiet seconds to wait: a fraction of the first ones once the usual time is known."""
        least = self._pause_s / 5 if self._answered >= _KNOWN else self._pause_s
        return max(least, 4 * self._usual_s)

    def _ask_for_life(self) -> None:
        # Bytes that make no frame, or far more time than usual: the board may be at another rate,
        # as after a reset.
        overdue = time.monotonic() - self._sent_at > _OVERDUE_S + 10 * self._usual_s
        if self._unanswered >= _UNANSWERED and (self._heard or (self._answered and overdue)):
            self._leave_rate("the board fell silent")
        self._unanswered += 1
        self._probe = self._next(Request.HELLO, b"")
        self.link.write(encode(self._probe))

    def _accept(self, asked: Sequence[Frame], frame: Frame) -> bytes | None:
        self._heard = 0
        probe = self._probe
        if probe is not None and frame.type == Response.HELLO and frame.sequence == probe.sequence:
            raise Again("the board was idle though it had not answered")
        if frame.type == Response.ERROR and frame.sequence == 0 and asked[-1] is not probe:
            # Something arrived damaged; whether it was the request is what the board can tell.
            if len(frame.payload) >= 6 and messages.parse_error(frame.payload[4:])[0] == DAMAGED:
                self._ask_for_life()
            return None
        return super()._accept(asked, frame)

    def _lost(self, times: int) -> None:
        timed_out = time.monotonic() - self._sent_at >= self._timeout_s
        if timed_out or times >= _LOSSES_AT_RATE:
            self._leave_rate("too much was lost")

    def _leave_rate(self, why: str) -> None:
        """Start anew at the first rate, if that is not the present one."""
        if self.link.baud != self.link.boot_baud:
            self._left_rate = self.link.baud
            raise LineLost(f"{self.link.name}: {why} at {self.link.baud} bit/s")

    def _mistrust(self, rate: int) -> None:
        """A rate did not hold: once it is tried again, then a lower one is taken."""
        if rate == self._failed_rate:
            self._fastest = _found[self.link.name] = rate - 1
        self._failed_rate = rate

    def _silent(self) -> DeviceError:
        heard = self.link.received
        what = f"{heard} bytes came, but no answer" if heard else "not one byte came"
        ports = ", ".join(map(str, serial_ports())) or "none"
        return DeviceError(
            f"the board on {self.link.name} did not answer HELLO within "
            f"{self._open_timeout_s:g} s at {self.link.boot_baud} bit/s: {what}. Check that a qmcu "
            "firmware is flashed and running, that the port is right and TX and RX are not "
            f"swapped (ports here: {ports})."
        )

    def _ask(self, kind: Request, payload: bytes = b"") -> bytes:
        """One request, at once answered or lost (Again)."""
        request = self._next(kind, payload)
        self._send(request)
        return self._await([request], time.monotonic() + HELLO_INTERVAL_S)

    def _raise_rate(self, rate: int) -> bool:
        """Go to `rate` if board, adapter and cable carry it; else stay at the first rate."""
        boot = self.link.boot_baud
        if not (self.link.set_baud(rate) and self.link.set_baud(boot)):
            return False
        try:
            super()._exchange(Request.BAUD, BAUD_ARGUMENT.pack(rate))
        except Refused as refusal:
            if refusal.code == UNKNOWN:
                self._fastest = 0
            return False
        time.sleep(_SWITCH_S)
        if self.link.set_baud(rate) and self._holds() and self._keep(rate):
            return True
        self._reader, self._arrived = FrameReader(), []
        self.link.set_baud(boot)
        self._greet()
        return False

    def _holds(self) -> bool:
        """Whether HELLO is answered again and again; one may be lost."""
        lost = 0
        for _ in range(_CHECKS):
            try:
                self._ask(Request.HELLO)
            except Again:
                lost += 1
            if lost > 1:
                return False
        return True

    def _keep(self, rate: int) -> bool:
        """Have the board stay at `rate`, which it left by itself otherwise."""
        for _ in range(2):
            with contextlib.suppress(Again):
                self._ask(Request.BAUD, BAUD_ARGUMENT.pack(rate))
                return True
        return False
