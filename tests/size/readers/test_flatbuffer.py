"""Flatbuffers: every offset is checked, every byte claimed."""

import struct

import pytest

from qmcu.size.contents import Role
from qmcu.size.readers.flatbuffer import Claims, FlatbufferError, Table, number

# A layout of one field at byte 4 of the table (8 bytes long), padding, the table with 42 in it.
LAYOUT = struct.pack("<HHH", 6, 8, 4) + bytes(2)
CONTENT = memoryview(LAYOUT + struct.pack("<ii", 8, 42) + b"rest")


def test_a_field_is_read_and_its_bytes_are_claimed() -> None:
    claims = Claims()
    table = Table.open(CONTENT, 8, claims, Role.WEIGHTS)
    assert table.integer(0, "<i") == 42
    assert table.integer(1, "<i", default=7) == 7
    totals = claims.totals(CONTENT)
    assert totals[Role.WEIGHTS] == 8 and totals[Role.PADDING] == 2
    assert sum(totals.values()) == len(CONTENT)


def test_offsets_that_lead_outside_are_refused() -> None:
    with pytest.raises(FlatbufferError, match="an offset leads to byte 18 of 20"):
        number(CONTENT, 18, "<i")
    spoiled = memoryview(LAYOUT + struct.pack("<ii", -1000, 42))
    with pytest.raises(FlatbufferError):
        Table.open(spoiled, 8, Claims(), Role.WEIGHTS)
