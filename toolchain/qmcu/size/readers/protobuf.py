"""Protocol buffers by their wire format: fields of a message in mapped memory, nothing copied."""

from collections.abc import Iterator
from dataclasses import dataclass

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class WireError(ValueError):
    """Bytes that are no message."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its number, wire type, and value: an integer, or the span of bytes it holds."""

    number: int
    kind: int
    value: int
    begin: int
    end: int


def fields(data: memoryview, begin: int, end: int) -> Iterator[Field]:
    """The fields of the message in `data[begin:end]`. Raises WireError."""
    at = begin
    while at < end:
        key, at = varint(data, at, end)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise WireError(f"field 0 at byte {at:,}")
        if kind == VARINT:
            value, at = varint(data, at, end)
            yield Field(number, kind, value, at, at)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
            if at + size > end:
                raise WireError(f"a number at byte {at:,} is cut off")
            yield Field(number, kind, int.from_bytes(data[at : at + size], "little"), at, at + size)
            at += size
        elif kind == BYTES:
            size, at = varint(data, at, end)
            if at + size > end:
                raise WireError(f"a field at byte {at:,} has {size:,} bytes, beyond its message")
            yield Field(number, kind, size, at, at + size)
            at += size
        else:
            raise WireError(f"wire type {kind} at byte {at:,}")


def varint(data: memoryview, at: int, end: int) -> tuple[int, int]:
    """The integer at `at` and where it ends. Raises WireError."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value & (2**64 - 1), at
        shift += 7
    raise WireError(f"a number at byte {at:,} is cut off")


def signed(value: int) -> int:
    """A varint as a signed 64-bit integer."""
    return value - 2**64 if value >= 2**63 else value


def varints(data: memoryview, field: Field) -> list[int]:
    """The integers of a repeated field: one, or a packed run. Raises WireError."""
    if field.kind == VARINT:
        return [field.value]
    numbers, at = [], field.begin
    while at < field.end:
        value, at = varint(data, at, field.end)
        numbers.append(value)
    return numbers


def text(data: memoryview, field: Field) -> str:
    """A string field, bytes that are no UTF-8 replaced."""
    return bytes(data[field.begin : field.end]).decode("utf-8", "replace")
