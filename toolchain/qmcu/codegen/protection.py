"""Memory protection of a release: which regions its MPU gets.

Code and constants can be read only and nothing but the image's flash is executed from; RAM, and
the arena in it, is never executed from; below the stack nothing may be touched. What no region
covers keeps the core's default memory map, in which peripherals are not executed from either.
"""

from dataclasses import dataclass

from qmcu.board import Board

_SRAM, _SRAM_END = 0x2000_0000, 0x4000_0000
# MPU_RASR of Armv6-M and Armv7-M: XN bit 28, AP 26:24, TEX 21:19, C 17, B 16, SIZE 5:1, ENABLE 0.
_XN, _READ_ONLY, _READ_WRITE = 1 << 28, 6 << 24, 3 << 24
_WRITE_THROUGH, _WRITE_BACK = 1 << 17, 1 << 19 | 1 << 17 | 1 << 16
# Of Armv8-M: RBAR has AP 2:1 and XN 0, RLAR AttrIndx 3:1 and EN 0; MAIR0 two attributes.
_XN8, _READ_ONLY8, _READ_WRITE8 = 1, 3 << 1, 1 << 1
_ATTRIBUTES8 = 0xFFAA
_CODE8, _DATA8 = 0 << 1, 1 << 1
_WITHOUT = ("cortex-m0",)
_ARMV8 = ("cortex-m33", "cortex-m55", "cortex-m85")
# Regions 0 to 2 are those of external memories (stm32_external.h).
_FIRST = 3


@dataclass(frozen=True)
class ProtectedRegion:
    """What the two registers of a region get, and for what."""

    what: str
    base: int
    attributes: int


@dataclass(frozen=True)
class Protection:
    """The regions of an image from number `first` on; bytes of RAM below the stack are `guard`.

    `attributes` is MAIR0 of Armv8-M, 0 elsewhere.
    """

    first: int
    regions: tuple[ProtectedRegion, ...]
    guard: int
    attributes: int = 0


def protection_of(board: Board) -> Protection | None:
    """The regions of an image for `board`; None where the core has none, or they cannot be made.

    A chip may still have been made without: the firmware asks MPU_TYPE.
    """
    if board.core.cpu in _WITHOUT:
        return None
    return _armv8(board) if board.core.cpu in _ARMV8 else _armv7(board)


def _armv7(board: Board) -> Protection | None:
    """Powers of two, each at a multiple of itself; where two overlap the later one holds."""
    image = _cover(board.flash.start, board.flash.end)
    regions = [
        _region7("RAM", (_SRAM, _SRAM_END - _SRAM), _XN | _READ_WRITE | _WRITE_BACK),
        _region7("code region", (0, _SRAM), _XN | _READ_ONLY | _WRITE_THROUGH),
        _region7("image", image, _READ_ONLY | _WRITE_THROUGH),
    ]
    ram = _cover(board.ram.start, board.ram.end)
    if not _SRAM <= board.ram.start < _SRAM_END:
        if ram[0] < image[0] + image[1] and image[0] < ram[0] + ram[1]:
            return None
        regions.append(_region7("board's RAM", ram, _XN | _READ_WRITE | _WRITE_BACK))
    guard = 256 if board.core.cpu == "cortex-m0plus" else 32
    if board.ram.start % guard:
        return None
    regions.append(_region7("guard", (board.ram.start, guard), _XN))
    return Protection(_FIRST, tuple(regions), guard)


def _region7(what: str, place: tuple[int, int], attributes: int) -> ProtectedRegion:
    """A region of start and size: 2^(SIZE + 1) bytes."""
    start, size = place
    return ProtectedRegion(what, start, attributes | (size.bit_length() - 2) << 1 | 1)


def _cover(start: int, end: int) -> tuple[int, int]:
    """Start and size of the smallest region of Armv7-M that holds all from `start` to `end`."""
    size = 32
    while start // size * size + size < end:
        size *= 2
    return start // size * size, size


def _armv8(board: Board) -> Protection | None:
    """Any multiples of 32, none of which overlap; the stack has its limit register."""
    start, end = board.flash.start & ~31, (board.flash.end + 31) & ~31
    if board.ram.end > _SRAM_END or board.ram.start < _SRAM:
        return None
    # Where the image lies in RAM, too, what is writable begins behind it.
    inside = start >= _SRAM and end <= board.ram.start
    if end > _SRAM and not inside:
        return None
    writable = end if inside else _SRAM
    regions = [
        _region8("below the image", 0, start, _READ_ONLY8 | _XN8, _CODE8),
        _region8("image", start, end, _READ_ONLY8, _CODE8),
        _region8("behind the image", end, writable, _READ_ONLY8 | _XN8, _CODE8),
        _region8("RAM", writable, _SRAM_END, _READ_WRITE8 | _XN8, _DATA8),
    ]
    return Protection(0, tuple(r for r in regions if r is not None), 0, _ATTRIBUTES8)


def _region8(
    what: str, start: int, end: int, access: int, attribute: int
) -> ProtectedRegion | None:
    if start == end:
        return None
    return ProtectedRegion(what, start | access, (end - 32) | attribute | 1)
