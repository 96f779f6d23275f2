"""probe-rs: CMSIS-DAP, ST-Link and J-Link probes; it compares what it wrote, then verifies again.

Commands as in `probe-rs download --help`, `verify`, `read` and `reset`; chip names are those of
its targets.
"""

import re

from qmcu.flash.checks import chip_check, text_check
from qmcu.flash.job import IDENTIFY, READ_BACK, WRITE, Job, Step, Tool

_SELECTOR = re.compile(r"[0-9a-fA-F]{4}:[0-9a-fA-F]{4}(?::\S+)?")
# Generic targets of its own, which only a core has: nothing that is particular to a chip happens.
_CORES = {"cortex-m0plus": "Cortex-M0+"}


def _unsuited(job: Job) -> str:
    if not job.settings.probe_rs:
        return "the board file names no probe_rs chip"
    if job.probe and not _SELECTOR.fullmatch(job.probe):
        return f"--probe {job.probe} is no VID:PID:SERIAL, as `probe-rs list` shows it"
    return ""


def _steps(job: Job, program: str) -> tuple[Step, ...]:
    probe = ("--non-interactive", *(("--probe", job.probe) if job.probe else ()))
    target = (*probe, "--chip", str(job.settings.probe_rs))
    steps = []
    chip = job.settings.chip_id
    if chip is not None and not job.force:
        cpu = job.board.core.cpu
        core = (*probe, "--chip", _CORES.get(cpu, cpu.capitalize().replace("-m", "-M")))
        read = (program, "read", *core, "b32", f"0x{chip.address:08x}", "1")
        check = chip_check(job, r"^(?:0x)?([0-9a-f]{8})\s*$")
        steps.append(Step(IDENTIFY, read, check))
    image = ("--binary-format", "hex", "firmware.hex")
    load = (program, "download", *target, "--verify", *image)
    steps.append(Step(WRITE, load, lambda output: None))
    verify = (program, "verify", *target, *image)
    steps.append(Step(READ_BACK, verify, text_check("Verification successful")))
    steps.append(Step(RUN, (program, "reset", *target), lambda output: None))
    return tuple(steps)


RUN = "start"
TOOL = Tool("probe-rs", ("probe-rs",), "an archive of probe.rs", _unsuited, _steps)
