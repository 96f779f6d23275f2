"""The firmware's own word: HELLO carries the hashes of model and build."""

import contextlib
import os
from pathlib import Path

from qmcu.device.ports import PREFIX
from qmcu.device.targets import open_session
from qmcu.errors import CheckFailedError, DeviceError
from qmcu.flash.job import Job


def refuse_missing_port(job: Job) -> None:
    """Raise DeviceError, before anything is written, for a port that cannot be used.

    It is not opened, which would reset some boards.
    """
    device = job.device
    if not device.startswith("/"):
        return
    if not Path(device).exists():
        raise DeviceError(f"there is no port {device}, so nothing was written; plug the board in.")
    if not os.access(device, os.R_OK | os.W_OK):
        raise DeviceError(
            f"{device} may not be used by this user (on Linux join the group dialout); nothing was "
            "written."
        )


def ask_firmware(job: Job, *, reset: bool) -> str:
    """Ask on the job's port until the firmware answers, and compare; returns the evidence.

    `reset` sends a break first, by which a DAPLink probe resets its chip. Raises DeviceError when
    there is no such port, CheckFailedError when nothing or another firmware answers.
    """
    device = job.device
    if reset:
        _send_break(device)
    try:
        # The rate that the firmware starts with is enough for one question.
        with open_session(f"{PREFIX}{device}@{job.board.uart.baud}", job.firmware) as session:
            build, image = session.hello.build_id, session.hello.image_sha256
            return (
                f"the firmware on {device} says build {build[:12]}, and that its flash has the "
                f"image's SHA-256 ({image[:12]})"
            )
    except DeviceError as error:
        raise CheckFailedError(f"the image was written, but not confirmed: {error}") from error


def _send_break(device: str) -> None:
    import serial

    # Not every line has breaks; a firmware that runs already takes one for noise.
    with contextlib.suppress(OSError, ValueError), serial.serial_for_url(device) as stream:
        stream.send_break()
