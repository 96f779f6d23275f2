"""UF2: the file format of boot loaders that are a drive, such as the RP2040's in ROM.

Blocks of 512 bytes, each with its address, 256 bytes of payload and the family of the chip
(Microsoft's specification, github.com/microsoft/uf2).
"""

import struct

_MAGIC_START = (0x0A32_4655, 0x9E5D_5157)
_MAGIC_END = 0x0AB1_6F30
_FAMILY_PRESENT = 0x2000
_PAYLOAD = 256
_DATA = 476


def uf2_file(image: bytes, base: int, family: int) -> bytes:
    """`image`, which begins at address `base`, as a UF2 file for chips of `family`.

    The last page is filled up as erased flash is: the RP2040 takes pages of 256 bytes only.
    """
    pages = [image[at : at + _PAYLOAD] for at in range(0, len(image), _PAYLOAD)]
    blocks = []
    for number, page in enumerate(pages):
        place = (base + number * _PAYLOAD, _PAYLOAD, number, len(pages))
        head = struct.pack("<8I", *_MAGIC_START, _FAMILY_PRESENT, *place, family)
        blocks.append(
            head + page.ljust(_PAYLOAD, b"\xff").ljust(_DATA, b"\0") + struct.pack("<I", _MAGIC_END)
        )
    return b"".join(blocks)
