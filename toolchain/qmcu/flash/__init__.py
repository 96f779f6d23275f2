"""A firmware directory and a board with a probe in, the image in its flash and checked out.

One file a tool says which commands it takes; `flasher` picks the first tool that is installed and
suits, runs its steps, and lets nothing be written before the chip has proved to be the right one.
"""

from qmcu.board.flashing import ChipId, FlashSettings, flash_settings
from qmcu.flash.flasher import FlashResult, flash_firmware, prepare
from qmcu.flash.job import Job, Step

__all__ = [
    "ChipId",
    "FlashResult",
    "FlashSettings",
    "Job",
    "Step",
    "flash_firmware",
    "flash_settings",
    "prepare",
]
