"""Choosing a tool, and running its steps: identify, write, read back, ask the firmware."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qmcu.board import Board
from qmcu.board.flashing import flash_settings
from qmcu.builder.toolchain import find_program
from qmcu.device.image import Image
from qmcu.errors import BoardError, CheckFailedError, ToolError, UsageError
from qmcu.firmware import Firmware
from qmcu.flash import (
    gdb,
    jlink,
    mass_storage,
    openocd,
    probe_rs,
    pyocd,
    st_flash,
    stm32_programmer,
    stm32flash,
    uf2,
)
from qmcu.flash.failures import explain_failure, failure
from qmcu.flash.files import image_files
from qmcu.flash.hello import ask_firmware, refuse_missing_port
from qmcu.flash.job import IDENTIFY, SCRIPT, WRITE, Job, Step, Tool
from qmcu.scratch import ScratchFolder

_MODULES = (
    openocd, pyocd, probe_rs, st_flash, stm32_programmer, jlink, mass_storage, uf2, stm32flash,
    gdb,
)  # fmt: skip
TOOLS: dict[str, Tool] = {module.TOOL.name: module.TOOL for module in _MODULES}
_IDENTIFY_S, _WRITE_S = 60.0, 600.0

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Prepared:
    """A job with the tool that does it; `program` is its executable as found."""

    job: Job
    tool: Tool
    program: str
    steps: tuple[Step, ...]
    image: Image


@dataclass(frozen=True)
class FlashResult:
    """What was flashed with which tool, and how it is known to be there."""

    board: str
    tool: str
    build_id: str
    evidence: tuple[str, ...]


def prepare(
    directory: Path,
    *,
    tool: str | None = None,
    probe: str | None = None,
    port: str | None = None,
    force: bool = False,
    dry_run: bool = False,
) -> Prepared:
    """The tool and its steps for the firmware in `directory`; starts nothing.

    Takes the board file's first tool that is installed and suits, or `tool`. A dry run takes one
    that is not installed too. Raises UsageError, BoardError, ToolError or DeviceError.
    """
    # Whichever model answers to say who is there: the image is one.
    firmware = Firmware.load_all(directory)[0]
    board = firmware.board
    settings = flash_settings(board)
    if not settings.tools:
        raise BoardError(
            f"{board.name} cannot be flashed: its board file names no tools "
            f"(flashing.tools){_emulator_hint(board)}."
        )
    job = Job(firmware, settings, image_files(firmware), probe, port, force)
    chosen, program = _choose(job, tool, dry_run)
    if settings.chip_id is None and not force and chosen.name not in ("mass-storage", "uf2"):
        raise BoardError(
            f"the board file of {board.name} has no flashing.chip_id, so that the chip cannot be "
            "told from another; add it, or use --force."
        )
    return Prepared(job, chosen, program, chosen.steps(job, program), firmware.image)


def _emulator_hint(board: Board) -> str:
    return f"; it runs on {' and '.join(board.emulators)}" if board.emulators else ""


def _choose(job: Job, name: str | None, dry_run: bool) -> tuple[Tool, str]:
    if name is not None and name not in TOOLS:
        raise UsageError(f"there is no tool {name!r}; take one of {', '.join(job.settings.tools)}.")
    reasons: list[str] = []
    absent: list[Tool] = []
    for tool in [TOOLS[n] for n in ([name] if name else job.settings.tools)]:
        reason = tool.unsuited(job) or _external_problem(job, tool)
        program = _find(tool)
        if not reason and program is not None:
            return tool, program
        if not reason:
            absent.append(tool)
            reason = f"not installed ({tool.get})"
        reasons.append(f"{tool.name}: {reason}")
    if absent and dry_run:
        return absent[0], absent[0].programs[0]
    raise ToolError(f"no tool can flash {job.board.name} here; {'; '.join(reasons)}.")


def _external_problem(job: Job, tool: Tool) -> str:
    """The reason against a tool that would leave a part of the image out."""
    memory = job.board.external_flash
    if memory is None or tool.name in memory.writers:
        return ""
    able = " or ".join(memory.writers) or "no tool of its board file"
    return (
        f"it does not write the external flash at 0x{memory.start:08x}, which holds the weights; "
        f"{able} does"
    )


def _find(tool: Tool) -> str | None:
    if not tool.programs:
        return ""
    for program in tool.programs:
        if found := find_program(program):
            return found
        for place in tool.places:
            if found := shutil.which(program, path=str(place)):
                return found
    return None


def flash_firmware(prepared: Prepared, tell: Tell = lambda line: None) -> FlashResult:
    """Run the steps; `tell` hears of each.

    Raises DeviceError for another board, ToolError when the tool fails, CheckFailedError when
    what was written is not confirmed.
    """
    job, tool = prepared.job, prepared.tool
    if job.port:
        refuse_missing_port(job)
    evidence: list[str] = []
    for step in prepared.steps:
        tell(f"{step.what} with {tool.name}")
        try:
            output = step.action() if step.action else _run(prepared, step)
        except KeyboardInterrupt:
            if step.what == WRITE:
                tell(f"{job.board.name} may hold half an image now; flash it again")
            raise
        step.check(output)
        if step.what == IDENTIFY:
            evidence.append(f"the chip's id is {job.settings.chip_id}")
    if tool.programs:
        evidence.append(f"{tool.name} read the flash back and found the image")
    if job.port:
        tell(f"ask the firmware on {job.port}")
        evidence.append(ask_firmware(job, reset=not tool.programs))
    elif not tool.programs:
        raise CheckFailedError(
            f"{job.board.name} took the image and its drive went, but nothing can be read back "
            "from it; --port asks the firmware which build it is."
        )
    return FlashResult(job.board.name, tool.name, prepared.image.build_id, tuple(evidence))


def _run(prepared: Prepared, step: Step) -> str:
    tool = prepared.tool
    # A firmware directory is data: tools look for their configuration where they run.
    with ScratchFolder("flash") as scratch:
        for name, content in prepared.job.files.items():
            (Path(scratch) / name).write_bytes(content)
        command = list(step.command)
        if step.script:
            file = Path(scratch) / "script"
            file.write_text(step.script)
            command = [str(file) if part == SCRIPT else part for part in command]
        limit = _IDENTIFY_S if step.what == IDENTIFY else _WRITE_S
        try:
            result = subprocess.run(
                command,
                cwd=scratch,
                env=os.environ | {"LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=limit,
                check=False,
            )
        except OSError as error:
            raise ToolError(f"{command[0]} cannot be started: {error.strerror}.") from error
        except subprocess.TimeoutExpired as error:
            said = (error.stdout or b"").decode("utf-8", "replace")
            raise ToolError(
                f"{tool.name} took more than {limit:.0f} s to {step.what} and was stopped; "
                f"{explain_failure(said, prepared.job)}"
            ) from error
    output = result.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    if result.returncode:
        raise failure(f"{tool.name} could not {step.what}", output, prepared.job)
    return output
