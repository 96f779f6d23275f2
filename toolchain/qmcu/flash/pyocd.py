"""pyOCD: any CMSIS-DAP, ST-Link or J-Link probe; what it wrote is read back and compared.

Commands as in `pyocd load --help`, docs/command_reference.md (read32, compare, reset); always
--no-wait, for it would wait for a probe for ever.
"""

from qmcu.flash.checks import chip_check, text_check
from qmcu.flash.job import IDENTIFY, READ_BACK, WRITE, Job, Step, Tool, needs_probe_number


def _unsuited(job: Job) -> str:
    if not job.settings.pyocd:
        return "the board file names no pyocd target"
    return needs_probe_number(job)


def _steps(job: Job, program: str) -> tuple[Step, ...]:
    probe = ("--no-wait", *(("--uid", job.serial_number) if job.serial_number else ()))
    target = ("--target", str(job.settings.pyocd))
    steps = []
    chip = job.settings.chip_id
    if chip is not None and not job.force:
        # Any Cortex-M: reading the id needs no pack of the chip.
        command = (program, "commander", *probe, "--target", "cortex_m", "--connect", "attach")
        check = chip_check(job, rf"^{chip.address:08x}: +([0-9a-f]{{8}})")
        read = ("--command", f"read32 0x{chip.address:08x}")
        steps.append(Step(IDENTIFY, (*command, *read), check))
    load = (program, "load", *probe, *target, "firmware.hex")
    steps.append(Step(WRITE, load, lambda output: None))
    compare = (
        *(program, "commander", *probe, *target, "--connect", "halt"),
        *("--command", f"compare {job.base} firmware.bin", "--command", "reset"),
    )
    steps.append(Step(READ_BACK, compare, text_check(f"All {job.image_size} bytes match")))
    return tuple(steps)


TOOL = Tool("pyocd", ("pyocd",), "pip install pyocd", _unsuited, _steps)
