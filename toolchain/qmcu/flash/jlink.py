"""SEGGER's J-Link Commander: a script loads, verifies and starts.

Options and commands as in SEGGER's UM08001, chapter "J-Link Commander": -NoGui, -ExitOnError,
-Device, -If, -Speed, -AutoConnect, -USB, -CommandFile; mem32, loadfile, verifybin, r, g, exit.
"""

from qmcu.flash.checks import chip_check, text_check
from qmcu.flash.job import IDENTIFY, SCRIPT, WRITE, Job, Step, Tool, needs_probe_number


def _unsuited(job: Job) -> str:
    if not job.settings.jlink:
        return "the board file names no jlink device"
    return needs_probe_number(job)


def _steps(job: Job, program: str) -> tuple[Step, ...]:
    def step(what: str, device: str, lines: tuple[str, ...], pattern: str) -> Step:
        command = (
            *(program, "-NoGui", "1", "-ExitOnError", "1", "-Device", device, "-If", "SWD"),
            *("-Speed", "4000", "-AutoConnect", "1"),
            *(("-USB", job.serial_number) if job.serial_number else ()),
            *("-CommandFile", SCRIPT),
        )
        check = chip_check(job, pattern) if what == IDENTIFY else text_check(pattern)
        return Step(what, command, check, "\n".join((*lines, "exit")) + "\n")

    steps = []
    chip = job.settings.chip_id
    if chip is not None and not job.force:
        # The core alone: nothing that is particular to a chip happens before it is known.
        read = (f"mem32 0x{chip.address:08X}, 1",)
        pattern = rf"^{chip.address:08X} = ([0-9A-F]{{8}})"
        steps.append(step(IDENTIFY, job.board.core.cpu.upper(), read, pattern))
    lines = (
        *("r", "h", "loadfile firmware.hex", f"verifybin firmware.bin, {job.base}"),
        *("r", "g"),
    )
    steps.append(step(WRITE, str(job.settings.jlink), lines, "Verify successful"))
    return tuple(steps)


TOOL = Tool("JLinkExe", ("JLinkExe", "JLink"), "J-Link software from segger.com", _unsuited, _steps)
