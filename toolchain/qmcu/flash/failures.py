"""What went wrong, in a sentence, from what a flashing tool printed."""

import re

from qmcu.errors import CheckFailedError, QmcuError, ToolError
from qmcu.flash.job import Job

_FAILURE = re.compile(r"\berror\b|fail|cannot|could not|unable|refused|timed out", re.IGNORECASE)
_DIFFERS = re.compile(
    r"\*\* Verify Failed|[Ff]ailed to verify|[Vv]erif(?:y|ication)[^\n]* failed|contents differ"
    r"|[Dd]ata mismatch|Mismatched byte"
)
_ADVICE = (
    (
        r"LIBUSB_ERROR_ACCESS|insufficient permissions|[Pp]ermission denied",
        "this user may not use the probe or port; install the tool's udev rules or join the group "
        "of the port, then reconnect",
    ),
    (
        r"No connected debug probes|No target device available|Error: open failed"
        r"|unable to find a matching CMSIS-DAP|Couldn't find any ST-Link|Found 0 stlink"
        r"|No (?:ST-?L(?:INK|ink)|STLink|debug probe) detected|ST-?LINK error \(DEV_(?:USB|CONNECT)"
        r"|Cannot connect to (?:the )?(?:J-Link|probe)|Connecting to J-Link via USB\.*FAILED"
        r"|Failed to connect to J-Link",
        "no probe was found; connect the board by its debug USB port",
    ),
    (
        r"Target type .* not recognized",
        "pyocd does not know this chip; get its pack with `pyocd pack install {pyocd}`",
    ),
    (
        r"Failed to init device",
        "the boot loader does not answer on {port}; set BOOT0, reset the board and try again",
    ),
    (
        r"init mode failed|Error connecting DP|unable to connect to the target"
        r"|[Cc]annot connect to target|No STM32 target found|Failed to (?:connect|enter SWD)"
        r"|No ACK received|[Tt]arget not (?:halted|examined)",
        "the probe is there, but the chip does not answer; check cable and power, and hold reset "
        "while it connects",
    ),
    (
        r"Connection (?:refused|timed out)|could not connect",
        "no GDB server listens at {probe}; start it first",
    ),
)  # fmt: skip


def explain_failure(output: str, job: Job) -> str:
    """Advice that fits the output, with the tool's own words."""
    said = last_line(output)
    for pattern, advice in _ADVICE:
        match = re.search(pattern, output)
        if match:
            line = next((x.strip() for x in output.splitlines() if match.group() in x), said)
            values = {"pyocd": job.settings.pyocd, "port": job.port, "probe": job.probe}
            return f"{advice.format(**values)} (it said: {line})."
    return f"it said: {said}."


def failure(what: str, output: str, job: Job) -> QmcuError:
    """The error for a tool that failed: CheckFailedError when the flash reads back differently."""
    match = _DIFFERS.search(output)
    if match:
        line = next(x.strip() for x in output.splitlines() if match.group() in x)
        return CheckFailedError(
            f"{job.board.name} was written, but its flash does not hold the image (it said: "
            f"{line}); flash again, and suspect cable, supply or a worn flash if it stays."
        )
    return ToolError(f"{what}: {explain_failure(output, job)}")


def last_line(output: str) -> str:
    """The last line of a tool's output that names a failure, else the last that says something."""
    lines = [line.strip() for line in output.splitlines() if line.strip(" \t\r.=#-*")]
    failures = [line for line in lines if _FAILURE.search(line)]
    return (failures or lines or ["no output"])[-1].rstrip(".")
