"""What happens between reset and the firmware's first instruction.

Most cores read stack pointer and first instruction from the vector table. An RP2040 has a boot
ROM: it checks and runs the first 256 bytes of flash, which then start what follows them. That of
an RP2350 looks for a block in the first 4 KiB and takes the vector table at the image's start, that
of an i.MX RT calls what the table behind flash's first 4 KiB says, with a stack of its own.
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
# IMXRT1060RM, "Program image": tags of flash configuration and image vector table.
_IMXRT_FLASH, _IMXRT_TABLE = 0x6000_0000, 0x6000_1000
_FLASH_TAG, _TABLE_HEADER = 0x4246_4346, 0x4320_00D1
_IMXRT_STACK = 0x2020_2000


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
    if family == "imxrt1060":
        return Start(_IMXRT_STACK, _imxrt_entry(read), 0xFFFF_FFFF, stack)
    if family != "rp2040":
        return Start(stack, first, 0xFFFF_FFFF, stack)
    stage = bytes(read(_RP_FLASH, STAGE_SIZE))
    problem = stage_problem(stage)
    if problem:
        raise DeviceError(f"the RP2040's boot ROM would not start this image: {problem}.")
    return Start(_RP2040_STAGE, _RP2040_STAGE, 0, stack, ((_RP2040_STAGE, stage),))


def _imxrt_entry(read: Callable[[int, int], bytes]) -> int:
    """Where the boot ROM of an i.MX RT begins. Raises DeviceError where it would not."""
    (tag,) = struct.unpack("<I", read(_IMXRT_FLASH, 4))
    header, entry, _, _, data, own = struct.unpack("<6I", read(_IMXRT_TABLE, 24))
    (start,) = struct.unpack("<I", read(data, 4)) if data >> 24 == _IMXRT_FLASH >> 24 else (0,)
    found, wanted = (
        (tag, header, own, start),
        (_FLASH_TAG, _TABLE_HEADER, _IMXRT_TABLE, _IMXRT_FLASH),
    )
    if found != wanted:
        told = ", ".join(f"0x{word:08X}" for word in found)
        raise DeviceError(
            "the i.MX RT's boot ROM would not start this image: flash configuration, image vector "
            f"table, its address and the image's start are {told}."
        )
    return int(entry)
