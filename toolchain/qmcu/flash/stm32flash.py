"""stm32flash: the boot loader in the chip's ROM over the serial port, verified by reading back.

Options as in its manual page; the protocol is ST's AN3155. Set BOOT0 and reset the board first.
"""

from qmcu.flash.checks import chip_check, text_check
from qmcu.flash.job import IDENTIFY, WRITE, Job, Step, Tool, needs_stm32


def _unsuited(job: Job) -> str:
    if reason := needs_stm32(job):
        return reason
    return "" if job.port else "it needs --port, the serial port of the chip's boot loader"


def _steps(job: Job, program: str) -> tuple[Step, ...]:
    loader = job.settings.serial
    common = (program, "-b", str(loader.baud), "-m", loader.mode)
    port = job.device
    steps = []
    resume: tuple[str, ...] = ()
    if job.settings.chip_id is not None and not job.force:
        check = chip_check(job, r"^Device ID\s*:\s*0x([0-9a-f]+)")
        steps.append(Step(IDENTIFY, (*common, port), check))
        # The loader has measured the baud rate and would take a second INIT for a command.
        resume = ("-c",)
    write = (*common, *resume, "-w", "firmware.bin", "-v", "-g", job.base, port)
    steps.append(Step(WRITE, write, _wrote))
    return tuple(steps)


def _wrote(output: str) -> None:
    text_check("and verified address")(output)
    text_check("Starting execution")(output)


TOOL = Tool("stm32flash", ("stm32flash",), "apt-get install stm32flash", _unsuited, _steps)
