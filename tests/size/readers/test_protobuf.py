"""Protocol buffers by their wire format."""

import pytest
from tests.support.model_files import field, varint

from qmcu.size.readers import protobuf


def test_fields_and_their_spans() -> None:
    content = memoryview(field(1, 300) + field(2, b"name") + field(3, b"\x01\xac\x02"))
    number, name, packed = protobuf.fields(content, 0, len(content))
    assert (number.number, number.kind, number.value) == (1, protobuf.VARINT, 300)
    assert protobuf.text(content, name) == "name"
    assert protobuf.varints(content, packed) == [1, 300]
    assert protobuf.varints(content, number) == [300]


def test_negative_numbers_are_large_varints() -> None:
    content = memoryview(varint(2**64 - 5))
    value, end = protobuf.varint(content, 0, len(content))
    assert protobuf.signed(value) == -5 and end == 10


@pytest.mark.parametrize("content", [b"\x00", b"\x08\x80", b"\x12\x05ab", b"\x0b"])
def test_what_is_no_message_is_refused(content: bytes) -> None:
    with pytest.raises(protobuf.WireError):
        list(protobuf.fields(memoryview(content), 0, len(content)))
