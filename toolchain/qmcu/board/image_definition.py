"""The block by which the RP2350's boot ROM knows an image: IMAGE_DEF in its first 4 KiB."""

import struct
from collections.abc import Iterator

SEARCHED = 4096
_START, _END = 0xFFFF_DED3, 0xAB12_3579
_IMAGE_TYPE, _LAST = 0x42, 0xFF
# RP2350 datasheet 5.9.3.1: EXE, secure, Arm, RP2350.
_ARM_SECURE = 0x1021


def definition_problem(head: bytes) -> str:
    """Why the boot ROM would not start an image that begins with `head`, or an empty string.

    A loop of one block is expected, as qmcu's images have it, and an image type for the Arm core.
    """
    words = struct.unpack_from(f"<{min(len(head), SEARCHED) // 4}I", head)
    if _START not in words:
        return f"its first {SEARCHED} bytes hold no block of an image definition"
    block = words[words.index(_START) + 1 :]
    types = [item >> 16 for item in _items(block) if item & 0xFF == _IMAGE_TYPE]
    if types != [_ARM_SECURE]:
        told = ", ".join(f"0x{value:04X}" for value in types) or "none"
        return f"its image type is {told}, 0x{_ARM_SECURE:04X} (secure, Arm, RP2350) is needed"
    if not _closed(block):
        return "the block of its image definition does not end as it says"
    return ""


def _items(block: tuple[int, ...]) -> Iterator[int]:
    """The first word of every item; byte 1 is its size in words, for the last one bytes 1 and 2."""
    at = 0
    while at < len(block) and block[at] & 0xFF != _LAST:
        yield block[at]
        at += max(1, block[at] >> 8 & 0xFF)


def _closed(block: tuple[int, ...]) -> bool:
    """Whether the last item counts the others, and the block is the only one of its loop."""
    for at, word in enumerate(block):
        if word & 0xFF == _LAST:
            return word >> 8 == at and tuple(block[at + 1 : at + 3]) == (0, _END)
    return False
