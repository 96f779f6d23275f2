"""st-flash of stlink-org/stlink: ST-Link probes; it verifies what it writes.

Commands as in its manual pages st-flash(1) and st-info(1).
"""

import re
from pathlib import Path

from qmcu.errors import DeviceError
from qmcu.flash.checks import chip_check, text_check
from qmcu.flash.job import IDENTIFY, WRITE, Job, Step, Tool, needs_probe_number, needs_stm32

_PROBE = re.compile(r"^\s*serial:\s*(\S+)", re.MULTILINE)


def _unsuited(job: Job) -> str:
    if reason := needs_stm32(job):
        return reason
    return needs_probe_number(job)


def _steps(job: Job, program: str) -> tuple[Step, ...]:
    steps = []
    if job.settings.chip_id is not None and not job.force:
        # Its sister from the same installation, with the same suffix.
        info = str(Path(program).with_name(Path(program).name.replace("st-flash", "st-info")))
        steps.append(Step(IDENTIFY, (info, "--probe"), lambda output: _identify(job, output)))
    serial = ("--serial", job.serial_number) if job.serial_number else ()
    write = (program, "--reset", *serial, "write", "firmware.bin", job.base)
    steps.append(Step(WRITE, write, text_check("Flash written and verified")))
    return tuple(steps)


def _identify(job: Job, output: str) -> None:
    """st-info lists every probe: take the one that st-flash will take."""
    starts = [match.start() for match in _PROBE.finditer(output)]
    parts = [output[a:b] for a, b in zip(starts, [*starts[1:], len(output)], strict=False)]
    numbers = [match.group(1) for part in parts if (match := _PROBE.search(part))]
    if job.serial_number:
        chosen = [p for p, n in zip(parts, numbers, strict=True) if n == job.serial_number]
        if not chosen:
            there = ", ".join(numbers) or "none"
            raise DeviceError(f"there is no ST-Link {job.serial_number}; connected: {there}.")
        parts = chosen
    elif len(parts) > 1:
        raise DeviceError(
            f"{len(parts)} ST-Link probes are connected ({', '.join(numbers)}); choose one with "
            "--probe."
        )
    chip_check(job, r"chipid:\s*0x([0-9a-f]+)")(parts[0] if parts else output)


TOOL = Tool("st-flash", ("st-flash",), "apt-get install stlink-tools", _unsuited, _steps)
