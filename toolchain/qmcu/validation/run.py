"""Running the checks on one board, in order, and making the document."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from qmcu.benchmark import CycleEstimate, estimate_firmware
from qmcu.comparison import TestResult, run_vectors
from qmcu.device import open_session
from qmcu.device.link import COUNTER_NAMES
from qmcu.device.messages import Hello
from qmcu.device.serial_session import RATES, SerialSession
from qmcu.device.targets import is_serial
from qmcu.errors import UsageError
from qmcu.firmware import Firmware
from qmcu.model.vectors import Vectors, random_vectors
from qmcu.types import Stages
from qmcu.validation.checks import (
    check_clock,
    check_counter,
    check_damage,
    check_rates,
    check_reset,
    check_stack,
)
from qmcu.validation.result import Check, Validation

STAGES = ("expected bytes", "bytes", "counter, clock, frames, reset")


@dataclass(frozen=True)
class ValidateOptions:
    """How to validate: `count` random inputs by `seed`; `by` is who does it, in their own words.

    With `ask` the user is asked, by that function, to press the reset button.
    """

    count: int = 50
    seed: int = 0
    by: str = ""
    ask: Callable[[str], None] | None = None


DEFAULT = ValidateOptions()


def validate(
    firmware: Firmware,
    target: str,
    options: ValidateOptions = DEFAULT,
    stages: Stages | None = None,
) -> Validation:
    """Check what the board file of `firmware` says on the board at `target` (serial:...).

    The board runs that firmware already. A check that fails is in the result. Raises UsageError for
    an emulator, and DeviceError or GuestFault where the board cannot be talked to at all.
    """
    if not is_serial(target):
        raise UsageError(f"{target} is no board; --on serial:PORT names one (docs/SERIAL.md).")
    tell = stages or (lambda stage, done, total: None)
    started = time.monotonic()
    graph, content = firmware.model
    vectors = random_vectors(
        graph, content, options.count, seed=options.seed,
        progress=lambda done, total: tell(STAGES[0], done, total),
    )  # fmt: skip
    result = run_vectors(
        firmware, target, vectors, "validation",
        progress=lambda done, total: tell(STAGES[1], done, total),
    )  # fmt: skip
    tell(STAGES[2], 0, 1)
    checks, port, baud, hello = _talk(firmware, target, vectors, result, options)
    tell(STAGES[2], 1, 1)
    cycles = result.profile.total if result.profile else 0
    return Validation(
        board=firmware.board.name,
        chip=firmware.board.chip,
        model=firmware.plan.name,
        model_sha256=firmware.plan.model_sha256,
        build_id=result.build_id,
        image_sha256=hello.image_sha256,
        compiler=firmware.memory.tools.get("compiler", ""),
        port=port,
        baud=baud,
        counter=COUNTER_NAMES.get(hello.counter, f"counter {hello.counter}"),
        cycles=cycles,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        by=options.by,
        seconds=round(time.monotonic() - started, 1),
        checks=checks,
    )


def _talk(
    firmware: Firmware,
    target: str,
    vectors: Vectors,
    result: TestResult,
    options: ValidateOptions,
) -> tuple[tuple[Check, ...], str, int, Hello]:
    """Every check; the port's name, the rate that held, and what the board said of itself."""
    board = firmware.board
    inputs = tuple(array[0] for array in vectors.inputs)
    wanted = tuple(array[0].tobytes() for array in vectors.expected)
    seen = f"{result.equal} of {result.vectors} outputs equal"
    if result.differences:
        seen = f"{seen}; {result.differences[0]}"
    cycles = result.profile.total if result.profile else 0
    with open_session(target, firmware) as session:
        assert isinstance(session, SerialSession)
        hello, baud = session.hello, session.link.baud
        checks = (
            Check(
                "image",
                "confirmed",
                f"SHA-256 {hello.image_sha256[:16]}... over the flash, as in the ELF file",
            ),
            Check("bytes", "confirmed" if result.passed else "wrong", seen),
            check_stack(result.stack_bytes, result.stack_reserved),
            check_counter(board.core.cpu, cycles, hello.counter, _estimates(firmware, vectors)),
            check_clock(session, inputs, board.clock_hz),
            check_rates(session.link.boot_baud, baud, _promised(firmware)),
            check_damage(session),
            check_reset(session, inputs, wanted, options.ask),
            Check("fault report", "not checked", "no request makes a sound firmware crash"),
        )
        return checks, session.link.name, baud, hello


def _estimates(firmware: Firmware, vectors: Vectors) -> tuple[CycleEstimate, ...]:
    if "unicorn" not in firmware.board.emulators:
        return ()
    return estimate_firmware(firmware, "unicorn", vectors)


def _promised(firmware: Firmware) -> int:
    """The fastest of the rates that are tried, up to what the board file says."""
    fastest = firmware.board.serial.fastest
    return max((rate for rate in RATES if rate <= fastest), default=0)
