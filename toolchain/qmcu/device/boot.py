"""What happens between reset and the firmware's first instruction.

Most cores read stack pointer and first instruction from the vector table. An RP2040 has a boot
ROM: it checks and runs the first 256 bytes of flash, which then start what follows them. That of
an RP2350 looks for a block in the first 4 KiB and takes the vector table at the image's start.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from qmcu.board.boot_stage import STAGE_SIZE, stage_problem
from qmcu.board.image_definition import SEARCHED, definition_problem
from qmcu.errors import DeviceError

# RP2040 datasheet 2.8.1.2: the second stage runs at the end of SRAM5, its caller's address is 0.
_RP_FLASH = 0x1000_0000
_RP2040_STAGE = 0x2004_1F00


@dataclass(frozen=True)
class Start:
    """Registers at the first instruction, the firmware's stack top, and what the ROM copied."""

    sp: int
    pc: int
    lr: int
    stack_top: int
    copies: tuple[tuple[int, bytes], ...] = ()


def boot(family: str, vectors: int, read: Callable[[int, int], bytes]) -> Start:
    """The start of an image whose memory `read(address, size)` gives.

    Raises DeviceError when the boot ROM would refuse the image.
    """
    stack, first = struct.unpack("<II", read(vectors, 8))
    if family == "rp2350":
        problem = definition_problem(bytes(read(_RP_FLASH, SEARCHED)))
        if problem:
            raise DeviceError(f"the RP2350's boot ROM would not start this image: {problem}.")
    if family != "rp2040":
        return Start(stack, first, 0xFFFF_FFFF, stack)
    stage = bytes(read(_RP_FLASH, STAGE_SIZE))
    problem = stage_problem(stage)
    if problem:
        raise DeviceError(f"the RP2040's boot ROM would not start this image: {problem}.")
    return Start(_RP2040_STAGE, _RP2040_STAGE, 0, stack, ((_RP2040_STAGE, stage),))
