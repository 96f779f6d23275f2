"""UF2 files against a reader written from Microsoft's specification."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.uf2 import read_uf2

from qmcu.builder.uf2 import uf2_file

RP2040 = 0xE48BFF56


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
