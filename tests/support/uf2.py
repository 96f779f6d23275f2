"""A reader of UF2 files, written from Microsoft's specification."""

import struct


def read_uf2(content: bytes, family: int) -> tuple[int, bytes]:
    """First address and bytes of a UF2 file; everything that the specification says is checked."""
    assert content and len(content) % 512 == 0
    data, start = b"", 0
    for at in range(0, len(content), 512):
        block = content[at : at + 512]
        first, second, flags, address, size, number, count, kind = struct.unpack_from("<8I", block)
        assert (first, second) == (0x0A324655, 0x9E5D5157)
        assert struct.unpack_from("<I", block, 508) == (0x0AB16F30,)
        assert flags == 0x2000
        assert kind == family
        assert (number, count) == (at // 512, len(content) // 512)
        # The RP2040's boot ROM: 256 bytes a block, at a multiple of that (datasheet 2.8.4.2).
        assert size == 256 and address % 256 == 0
        start = start if at else address
        assert address == start + len(data)
        assert not any(block[32 + size : 508])
        data += block[32 : 32 + size]
    return start, data
