"""GDB and any GDB server: a Black Magic Probe, OpenOCD or J-Link elsewhere, or QEMU as a board.

Commands as in the GDB manual: "Commands for Managing Targets" (load), "Examining Memory"
(compare-sections), "Connecting to a Remote Target" (target remote, detach).
"""

import re

from qmcu.errors import CheckFailedError
from qmcu.flash.checks import chip_check
from qmcu.flash.failures import last_line
from qmcu.flash.files import is_signed
from qmcu.flash.job import IDENTIFY, WRITE, Job, Step, Tool

_PROGRAMS = ("gdb-multiarch", "arm-none-eabi-gdb")
_THUMB = 1 << 24


def _unsuited(job: Job) -> str:
    if is_signed(job.firmware):
        return "it writes the ELF file, which has no header for MCUboot"
    return "" if job.server else "it needs --probe HOST:PORT, where a GDB server listens"


def _steps(job: Job, program: str) -> tuple[Step, ...]:
    def command(*lines: str) -> tuple[str, ...]:
        script = (f"target remote {job.server}", *lines, "detach")
        return (program, "-nx", "-batch", *(p for line in script for p in ("-ex", line)))

    steps = []
    chip = job.settings.chip_id
    if chip is not None and not job.force:
        check = chip_check(job, rf"^0x{chip.address:x}:\s+0x([0-9a-f]{{8}})")
        steps.append(Step(IDENTIFY, command(f"x/wx 0x{chip.address:x}"), check))
    # A server need not know how to reset the chip: start as a reset would.
    start = (
        f"set $sp = *(unsigned int *){job.base}",
        f"set $pc = *((unsigned int *){job.base} + 1) & ~1",
        f"set $xpsr = {_THUMB}",
    )
    write = command("file firmware.elf", "load", "compare-sections", *start)
    steps.append(Step(WRITE, write, _wrote))
    return tuple(steps)


def _wrote(output: str) -> None:
    wrong = re.findall(r"Section (\S+), range .*: MIS-MATCHED", output)
    if wrong or ": matched." not in output:
        what = f"sections {', '.join(wrong)} differ" if wrong else last_line(output)
        raise CheckFailedError(f"what was read back is not the image ({what}); flash again.")


TOOL = Tool("gdb", _PROGRAMS, "apt-get install gdb-multiarch", _unsuited, _steps)
