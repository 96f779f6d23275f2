"""UF2 files against a reader written from Microsoft's specification."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qmcu.build.uf2 import uf2_file

RP2040 = 0xE48BFF56


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


@given(image=st.binary(min_size=1, max_size=2000), page=st.integers(0, 1 << 16))
@settings(deadline=None)
def test_what_is_written_is_read(image: bytes, page: int) -> None:
    base = 0x10000000 + 256 * page
    start, data = read_uf2(uf2_file(image, base, RP2040), RP2040)
    assert start == base
    assert data[: len(image)] == image
    assert set(data[len(image) :]) <= {0xFF}
    assert len(data) - len(image) < 256


@pytest.mark.parametrize(("size", "blocks"), [(1, 1), (256, 1), (257, 2), (512, 2)])
def test_a_block_for_every_256_bytes(size: int, blocks: int) -> None:
    assert len(uf2_file(bytes(size), 0x10000000, RP2040)) == 512 * blocks
