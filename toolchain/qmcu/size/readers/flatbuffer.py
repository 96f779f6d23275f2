"""Flatbuffers, read with care: every offset is checked, and every byte that is met is claimed."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from qmcu.size.contents import Role

_MAX_TABLES = 2_000_000


class FlatbufferError(ValueError):
    """An offset or a length that leads outside."""


@dataclass
class Claims:
    """Spans of bytes with what they are for; the first claim of a byte holds."""

    spans: list[tuple[int, int, Role]] = field(default_factory=list)

    def add(self, begin: int, end: int, role: Role) -> None:
        """Claim a span."""
        self.spans.append((begin, end, role))
        if len(self.spans) > 8 * _MAX_TABLES:
            raise FlatbufferError("there is no end of tables")

    def totals(self, data: memoryview) -> dict[Role, int]:
        """Bytes by role; unclaimed zeros are padding, other unclaimed bytes the graph's.

        What follows the last claim and begins like a ZIP archive is metadata: model metadata may
        come with files appended.
        """
        by_role = dict.fromkeys(Role, 0)
        at = 0
        for begin, end, role in sorted(self.spans, key=lambda s: (s[0], s[1])):
            if begin > at:
                by_role[_gap(data[at:begin])] += begin - at
            by_role[role] += max(0, end - max(begin, at))
            at = max(at, end)
        if at < len(data):
            rest = data[at:]
            archive = bytes(rest[:16]).lstrip(b"\0").startswith(b"PK")
            by_role[Role.METADATA if archive else _gap(rest)] += len(rest)
        return by_role


def _gap(data: memoryview) -> Role:
    return Role.GRAPH if any(bytes(data[: 1 << 20])) else Role.PADDING


@dataclass(frozen=True, slots=True)
class Table:
    """A table at `at` of `data`; reading a field claims its bytes for `role`.

    Slots are the numbers of fields in the schema's order. Every method raises FlatbufferError
    when the file is damaged.
    """

    data: memoryview
    at: int
    claims: Claims
    role: Role
    _layout: tuple[int, int, int]

    @staticmethod
    def open(data: memoryview, at: int, claims: Claims, role: Role) -> "Table":
        """The table at a position."""
        vtable = at - number(data, at, "<i")
        size = number(data, vtable, "<H")
        inline = number(data, vtable + 2, "<H")
        if size < 4 or vtable + size > len(data) or inline < 4 or at + inline > len(data):
            raise FlatbufferError(f"a table at byte {at:,} leads outside")
        claims.add(at, at + inline, role)
        claims.add(vtable, vtable + size, Role.GRAPH)
        return Table(data, at, claims, role, (vtable, size, inline))

    def _field(self, slot: int) -> int:
        """Position of a field, 0 when absent."""
        vtable, size, inline = self._layout
        place = 4 + 2 * slot
        if place + 2 > size:
            return 0
        offset = number(self.data, vtable + place, "<H")
        if offset >= inline:
            raise FlatbufferError(f"a field of the table at byte {self.at:,} leads outside")
        return self.at + offset if offset else 0

    def integer(self, slot: int, form: str, default: int = 0) -> int:
        """A number by its struct format, such as "<i"."""
        place = self._field(slot)
        return number(self.data, place, form) if place else default

    def table(self, slot: int, role: Role | None = None) -> "Table | None":
        """A table below this one."""
        place = self._field(slot)
        if not place:
            return None
        return Table.open(self.data, _follow(self.data, place), self.claims, role or self.role)

    def vector(self, slot: int, item: int, role: Role | None = None) -> tuple[int, int]:
        """First position and count of a vector of items of `item` bytes; (0, 0) when absent."""
        place = self._field(slot)
        if not place:
            return 0, 0
        start = _follow(self.data, place)
        count = number(self.data, start, "<I")
        end = start + 4 + count * item
        if end > len(self.data):
            raise FlatbufferError(f"a vector of {count:,} items at byte {start:,} leads outside")
        self.claims.add(start, end, role or self.role)
        return start + 4, count

    def integers(self, slot: int, form: str) -> tuple[int, ...]:
        """A vector of numbers by their struct format, such as "i"."""
        size = struct.calcsize(form)
        start, count = self.vector(slot, size)
        return struct.unpack_from(f"<{count}{form}", self.data, start) if count else ()

    def tables(self, slot: int, role: Role | None = None) -> Iterator["Table"]:
        """A vector of tables."""
        start, count = self.vector(slot, 4, role)
        if count > _MAX_TABLES:
            raise FlatbufferError(f"a vector of {count:,} tables")
        for i in range(count):
            at = _follow(self.data, start + 4 * i)
            yield Table.open(self.data, at, self.claims, role or self.role)

    def text(self, slot: int, role: Role | None = None) -> str:
        """A string, "" when absent."""
        start, count = self.vector(slot, 1, role)
        return bytes(self.data[start : start + count]).decode("utf-8", "replace")


def number(data: memoryview, at: int, form: str) -> int:
    """One number at a position. Raises FlatbufferError outside the file."""
    if not 0 <= at <= len(data) - struct.calcsize(form):
        raise FlatbufferError(f"an offset leads to byte {at:,} of {len(data):,}")
    return int(struct.unpack_from(form, data, at)[0])


def _follow(data: memoryview, place: int) -> int:
    return place + number(data, place, "<I")
