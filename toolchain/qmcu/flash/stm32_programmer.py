"""STM32CubeProgrammer's command line: ST-Link probes, with its own verification.

Commands as in ST's user manual UM2237, section "Command line interface": -c, -w, -v, -rst, -el.
"""

from pathlib import Path

from qmcu.flash.checks import chip_check, text_check
from qmcu.flash.job import IDENTIFY, WRITE, Job, Step, Tool, needs_probe_number, needs_stm32

_NAME = "STM32_Programmer_CLI"
# Its installer does not put it on PATH.
_PLACES = (
    Path.home() / "STMicroelectronics/STM32Cube/STM32CubeProgrammer/bin",
    Path("/Applications/STMicroelectronics/STM32Cube/STM32CubeProgrammer")
    / "STM32CubeProgrammer.app/Contents/MacOs/bin",
    Path("C:/Program Files/STMicroelectronics/STM32Cube/STM32CubeProgrammer/bin"),
)


def _unsuited(job: Job) -> str:
    if reason := needs_stm32(job):
        return reason
    return needs_probe_number(job)


def _steps(job: Job, program: str) -> tuple[Step, ...]:
    serial = (f"sn={job.serial_number}",) if job.serial_number else ()
    steps = []
    if job.settings.chip_id is not None and not job.force:
        command = (program, "-c", "port=SWD", "mode=HOTPLUG", *serial)
        check = chip_check(job, r"Device ID\s*:\s*0x([0-9a-f]+)")
        steps.append(Step(IDENTIFY, command, check))
    common = (program, "-c", "port=SWD", *serial)
    written = text_check("Download verified successfully")
    external = job.board.external_flash
    if external is None:
        steps.append(Step(WRITE, (*common, "-w", "firmware.hex", "-v", "-rst"), written))
        return tuple(steps)
    # Loaders lie beside the program; the chip's own flash comes last, and starts.
    loader = str(Path(program).parent / "ExternalLoader" / external.writers[_NAME])
    part = ("-el", loader, "-w", "firmware-external.bin", f"0x{external.start:08x}", "-v")
    steps.append(Step(WRITE, (*common, *part), written))
    steps.append(Step(WRITE, (*common, "-w", "firmware.bin", job.base, "-v", "-rst"), written))
    return tuple(steps)


TOOL = Tool(_NAME, (_NAME,), "STM32CubeProgrammer from st.com", _unsuited, _steps, _PLACES)
