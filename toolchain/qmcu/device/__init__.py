"""A firmware directory and a target's name in, an open session out; vectors in, results out.

`open_session` starts the image on an emulator and returns a `Session`: infer, profile, trace.
A session speaks docs/PROTOCOL.md (`frames`, `messages`) over a `Link`, a byte stream that also
knows whether its peer still lives: `UnicornLink` runs the image in this process, `QemuLink` in a
QEMU process, `SerialLink` reaches a board on a serial port. A crash of the firmware is a
GuestFault with cause, address and function. `infer_all` runs many vectors in parallel worker
processes.
"""

from qmcu.device.link import Link
from qmcu.device.messages import Hello, InferResult, ProfileResult
from qmcu.device.pool import Resumed, infer_all
from qmcu.device.session import Session
from qmcu.device.targets import EMULATORS, TARGETS, check_target, open_session

__all__ = [
    "EMULATORS",
    "TARGETS",
    "Hello",
    "InferResult",
    "Link",
    "ProfileResult",
    "Resumed",
    "Session",
    "check_target",
    "infer_all",
    "open_session",
]
