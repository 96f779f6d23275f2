"""The firmware's own word: HELLO carries the hashes of model and build."""

import contextlib

from qmcu.compile.serialization import load_plan
from qmcu.device.image import Image
from qmcu.device.link import StreamLink
from qmcu.device.session import Session
from qmcu.errors import CheckFailedError, DeviceError
from qmcu.flash.job import Job

_ANSWER_S = 15.0


def ask_firmware(job: Job, image: Image, *, reset: bool) -> str:
    """Ask on the job's port until the firmware answers, and compare; returns the evidence.

    `reset` sends a break first, by which a DAPLink probe resets its chip.

    Raises DeviceError when the port cannot be opened, CheckFailedError when nothing or another
    firmware answers.
    """
    import serial

    port = str(job.port)
    try:
        stream = serial.serial_for_url(port, baudrate=job.board.uart.baud)
    except (OSError, ValueError) as error:
        raise DeviceError(
            f"the image was written, but {port} cannot be opened to confirm it: {error}."
        ) from error
    if reset:
        # Not every line has breaks; a firmware that runs already takes one for noise.
        with contextlib.suppress(OSError):
            stream.send_break()
    model = load_plan(job.directory / "plan.json").model_sha256
    try:
        with Session(
            StreamLink(stream, port),
            model_sha256=model,
            build_id=image.build_id,
            open_timeout_s=_ANSWER_S,
        ) as session:
            return f"the firmware on {port} says build {session.hello.build_id[:12]}"
    except DeviceError as error:
        raise CheckFailedError(f"the image was written, but not confirmed: {error}") from error
