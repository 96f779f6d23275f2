"""OpenOCD: its own board or interface and target scripts, `program` with verify.

Commands as in the OpenOCD 0.12 User's Guide: "Debug Adapter Configuration" (adapter serial),
"Memory access commands" (mdw), "Flash Programming" (program).
"""

from qmcu.flash.checks import chip_check, text_check
from qmcu.flash.job import IDENTIFY, WRITE, Job, Step, Tool, needs_probe_number

# Several boards may be flashed at once: no server may take a port.
_QUIET = "gdb_port disabled; telnet_port disabled; tcl_port disabled"


def _unsuited(job: Job) -> str:
    if not job.settings.openocd:
        return "the board file names no openocd script"
    return needs_probe_number(job)


def _steps(job: Job, program: str) -> tuple[Step, ...]:
    scripts = [part for name in job.settings.openocd for part in ("-f", name)]
    serial = ("-c", f"adapter serial {job.serial_number}") if job.serial_number else ()
    common = (program, *scripts, *serial, "-c", _QUIET)
    steps = []
    chip = job.settings.chip_id
    if chip is not None and not job.force:
        commands = ("-c", "init", "-c", f"mdw 0x{chip.address:08x}", "-c", "shutdown")
        check = chip_check(job, rf"^0x{chip.address:08x}: ([0-9a-f]{{8}})")
        steps.append(Step(IDENTIFY, (*common, *commands), check))
    write = (*common, "-c", "program firmware.hex verify reset exit")
    steps.append(Step(WRITE, write, text_check("** Verified OK **")))
    return tuple(steps)


TOOL = Tool("openocd", ("openocd",), "apt-get install openocd", _unsuited, _steps)
