"""The checks: each asks the board one thing and says what it saw."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from qmcu.benchmark import CycleEstimate
from qmcu.device import Session
from qmcu.device.frames import Frame, encode
from qmcu.device.link import COUNTER_NAMES, LineLost
from qmcu.device.messages import Request
from qmcu.device.session import Inputs, Refused
from qmcu.errors import QmcuError
from qmcu.validation.result import Check, Outcome

# A counter's clock may differ from the board file's by this share: crystals are within 0.01 %, the
# chips' own oscillators within 2 %.
_CLOCK_TOLERANCE = 0.03
_CLOCK_S = 2.0
_LEAST_SHARE = 0.2
_RESET_S = 30.0


def check_damage(session: Session) -> Check:
    """Frames with a wrong CRC, cut short, and noise: the next request must be answered right."""
    good = encode(Frame(Request.HELLO, 0x7001))
    wrong = bytearray(good)
    wrong[3] ^= 0x01
    noise = np.random.default_rng(7).integers(1, 256, 200, dtype=np.uint8).tobytes()
    for harm in (bytes(wrong), good[: len(good) // 2], noise + b"\x00", b"\x00" * 50):
        session.link.write(harm)
        time.sleep(0.05)
        session.greet()
    return Check("damaged frames", "confirmed", "answered HELLO after each of 4 kinds of harm")


def check_counter(core: str, count: int, counter: int, estimated: Sequence[CycleEstimate]) -> Check:
    """The board's cycles of one inference beside what the emulator's instructions would take."""
    name = COUNTER_NAMES.get(counter, f"counter {counter}")
    if not counter or not count:
        return Check("counter", "not checked", f"the port has {name}")
    estimates = {e.core: e.cycles for e in estimated}
    nearest = "cortex-m7" if core in ("cortex-m7", "cortex-m55", "cortex-m85") else "cortex-m4"
    if not estimates.get(nearest):
        seen = f"{count:,} cycles by {name}; no emulator estimates them"
        return Check("counter", "not checked", seen)
    share = count / estimates[nearest]
    seen = (
        f"{count:,} cycles by {name}, {share:.2f} times the {estimates[nearest]:,} estimated for a "
        f"{nearest} without wait states"
    )
    # No core is much faster than its instructions allow, and none this much slower.
    return Check("counter", "confirmed" if 0.4 <= share <= 10 else "wrong", seen)


def check_clock(session: Session, inputs: Inputs, clock_hz: int) -> Check:
    """The counter's clock against this host's: the same frames with and without the inference."""
    if session.unit.unit != "cycles":
        return Check("clock", "not checked", "cycles are not counted here")
    length = min(sum(session.hello.outputs) + 12, session.hello.arena)
    try:
        session.trace(0, 0, length, inputs)
    except Refused:
        return Check("clock", "not checked", "the firmware was built without TRACE")
    cycles, working, idle = 0, 0.0, 0.0
    started = time.monotonic()
    rounds = 0
    while time.monotonic() - started < _CLOCK_S or rounds < 3:
        begun = time.monotonic()
        cycles += session.infer(inputs).cycles or 0
        between = time.monotonic()
        session.trace(0, 0, length, inputs)
        working += between - begun
        idle += time.monotonic() - between
        rounds += 1
    busy = working - idle
    if busy < _LEAST_SHARE * working:
        seen = f"{rounds} inferences take too little time beside their frames; take a larger model"
        return Check("clock", "not checked", seen)
    measured = cycles / busy
    seen = (
        f"{measured / 1e6:.2f} MHz by this host's clock, {clock_hz / 1e6:g} MHz by the board file"
    )
    off = abs(measured / clock_hz - 1)
    return Check("clock", "confirmed" if off <= _CLOCK_TOLERANCE else "wrong", seen)


def check_rates(first: int, reached: int, fastest: int) -> Check:
    """The bit rates that held, of those that the board file promises."""
    seen = f"{first:,} at first, {reached:,} held, {fastest:,} promised"
    outcome: Outcome = "confirmed" if reached >= fastest or fastest <= first else "wrong"
    return Check("bit rates", outcome, seen)


def check_stack(used: int, reserved: int) -> Check:
    """The stack's high-water mark."""
    seen = f"{used:,} of {reserved:,} bytes used at most"
    return Check("stack", "confirmed" if 0 < used < reserved else "wrong", seen)


def check_reset(
    session: Session, inputs: Inputs, wanted: Sequence[bytes], ask: Callable[[str], None] | None
) -> Check:
    """The reset button: the board must come back and give the same bytes."""
    if ask is None:
        return Check("reset", "not checked", "--reset asks for the button")
    ask(f"press the board's reset button within {_RESET_S:g} s")
    heard = b""
    deadline = time.monotonic() + _RESET_S
    while time.monotonic() < deadline and not heard:
        try:
            heard = session.link.read(0.5)
        except LineLost:  # the port went away with the board, and is back
            heard = b"back"
    if not heard:
        return Check("reset", "wrong", f"nothing came within {_RESET_S:g} s")
    time.sleep(0.5)
    try:
        outputs = session.infer(inputs).outputs
    except QmcuError as error:
        return Check("reset", "wrong", str(error))
    if tuple(outputs) != tuple(wanted):
        return Check("reset", "wrong", "the board came back and gives other bytes")
    return Check("reset", "confirmed", "the board came back and gives the same bytes")
