"""Flashing in words: the commands of a dry run, and what is known afterwards."""

import shlex

from qmcu.flash.flasher import FlashResult, Prepared
from qmcu.flash.job import SCRIPT, Step


def command_lines(prepared: Prepared) -> list[str]:
    """Lines for a shell that do what the steps do, checks apart."""
    directory = prepared.job.firmware.root
    copied = shlex.join(str(directory / name) for name in prepared.job.files)
    lines = [f'cd "$(mktemp -d)" && cp -- {copied} .']
    for step in prepared.steps:
        lines += [f"# {step.what}", *_command(step)]
    if prepared.job.port:
        lines += ["# ask the firmware", f"# HELLO on {prepared.job.port}: compare model and build"]
    return lines


def _command(step: Step) -> list[str]:
    name = f"{step.what.replace(' ', '-')}.script"
    command = shlex.join(name if part == SCRIPT else part for part in step.command)
    if not step.script:
        return [command]
    return [f"cat >{name} <<'END'", *step.script.splitlines(), "END", command]


def result_lines(result: FlashResult) -> list[str]:
    """What was done and how it is known."""
    lines = [f"flashed {result.board} with {result.tool}, build {result.build_id[:12]}"]
    return lines + [f"  {line}" for line in result.evidence]
