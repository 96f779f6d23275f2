"""Tables of a flatbuffer by its schema: views of one in a file, and objects to change and write.

Objects are read at once, within limits. What damaged offsets lead to raises what `flatbuffers`,
`struct` and numpy raise, or ValueError.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import flatbuffers
import numpy as np
from flatbuffers import encode, number_types, packer

from qmcu.model.flatbuffer_schema import SCALARS, Declarations, Field
from qmcu.model.flatbuffer_views import OFFSET_BYTES, View

_U16, _I32, _U32 = struct.Struct("<H"), struct.Struct("<i"), struct.Struct("<I")


class TooMuchError(Exception):
    """A file would unpack to more than it may; `what` says of what."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass
class Limits:
    """What a file may unpack to: one table or string may be named many times.

    Counts down while it is read: tables in vectors, and bytes of strings.
    """

    tables: int = 1 << 62
    text: int = 1 << 62


# Reads a part of a table from its place in the content; it is given the fields before it.
_Part = Callable[[Any, int, Limits, Mapping[str, Any]], Any]


@cache
def _offsets(count: int) -> struct.Struct:
    return struct.Struct(f"<{count}H")


def _part_of(schema: "Schema", field: Field) -> _Part:
    """What reads the field."""
    if field.is_scalar:
        return _numbers_part(field) if field.many else _number_part(field)
    if field.type == "string":
        return _text_part
    if field.many:
        return _tables_part(schema.object(field.type))
    if field.type in schema.unions:
        return _union_part(schema, schema.unions[field.type], f"{field.name}Type")
    inner = schema.object(field.type)
    return lambda content, place, limits, _: inner._read(
        content, place + _U32.unpack_from(content, place)[0], limits
    )


def _number_part(field: Field) -> _Part:
    unpack = field.packer.unpack_from
    return lambda content, place, limits, _: unpack(content, place)[0]


def _numbers_part(field: Field) -> _Part:
    dtype = number_types.to_numpy_type(field.flags)

    def part(content: Any, place: int, limits: Limits, _: Mapping[str, Any]) -> Any:
        place += _U32.unpack_from(content, place)[0]
        count = _U32.unpack_from(content, place)[0]
        return np.frombuffer(content, dtype, count, place + OFFSET_BYTES)

    return part


def _text_part(content: Any, place: int, limits: Limits, _: Mapping[str, Any]) -> bytes:
    place += _U32.unpack_from(content, place)[0]
    begin, length = place + OFFSET_BYTES, _U32.unpack_from(content, place)[0]
    text = bytes(content[begin : begin + length])
    if len(text) != length:
        raise ValueError("a string ends outside")
    limits.text -= length
    if limits.text < 0:
        raise TooMuchError("text")
    return text


def _tables_part(element: type["TableObject"]) -> _Part:
    def part(content: Any, place: int, limits: Limits, _: Mapping[str, Any]) -> Any:
        place += _U32.unpack_from(content, place)[0]
        count = _U32.unpack_from(content, place)[0]
        limits.tables -= count
        if limits.tables < 0:
            raise TooMuchError("tables")
        begin = place + OFFSET_BYTES
        unpack, read = _U32.unpack_from, element._read
        return [
            read(content, at + unpack(content, at)[0], limits)
            for at in range(begin, begin + OFFSET_BYTES * count, OFFSET_BYTES)
        ]

    return part


def _union_part(schema: "Schema", tables: Mapping[int, str], chosen: str) -> _Part:
    def part(content: Any, place: int, limits: Limits, before: Mapping[str, Any]) -> Any:
        name = tables.get(before[chosen])
        if name is None:
            return None
        return schema.object(name)._read(
            content, place + _U32.unpack_from(content, place)[0], limits
        )

    return part


class TableObject:
    """A table's fields as attributes, to read or change; the classes are made by a `Schema`."""

    schema: "Schema"
    fields: Mapping[str, Field]
    slots: int
    _made: "tuple[tuple[str, int, Any, _Part], ...]"

    def __init__(self) -> None:
        for field in self.fields.values():
            plain = field.is_scalar and not field.many
            setattr(self, field.name, field.default if plain else None)

    @classmethod
    def read(cls, view: View, limits: "Limits | None" = None) -> Any:
        """The object with everything that is below the table.

        Raises TooMuchError when that is more than `limits` allow.
        """
        return cls._read(view.content, view.position, limits or Limits())

    @classmethod
    def _read(cls, content: Any, position: int, limits: "Limits") -> Any:
        places = position - _I32.unpack_from(content, position)[0]
        if places < 0:
            raise ValueError("a vtable lies before the file")
        count = min(cls.slots, (_U16.unpack_from(content, places)[0] - OFFSET_BYTES + 1) // 2)
        offsets: tuple[int, ...] = ()
        if count > 0:
            offsets = _offsets(count).unpack_from(content, places + OFFSET_BYTES)
        found = cls.__new__(cls)
        values = found.__dict__  # every attribute is set here
        for name, slot, default, part in cls.__dict__.get("_made") or cls._layout():
            offset = offsets[slot] if slot < count else 0
            values[name] = part(content, position + offset, limits, values) if offset else default
        return found

    @classmethod
    def _layout(cls) -> "tuple[tuple[str, int, Any, _Part], ...]":
        """Of each field: name, slot, what it is when it is not there, and what reads it."""
        cls._made = tuple(
            (f.name, f.slot, f.default if f.is_scalar and not f.many else None,
             _part_of(cls.schema, f))
            for f in cls.fields.values()
        )  # fmt: skip
        return cls._made

    def pack(self, builder: flatbuffers.Builder) -> int:
        """Write it with everything below it; its place in the `builder`."""
        # What is below lies before the table, in the order of the fields.
        places = {
            field.slot: _pack_part(builder, field, getattr(self, field.name))
            for field in self.fields.values()
            if not (field.is_scalar and not field.many) and getattr(self, field.name) is not None
        }
        builder.StartObject(self.slots)
        for field in self.fields.values():
            if field.slot in places:
                builder.PrependUOffsetTRelativeSlot(field.slot, places[field.slot], 0)
            elif field.is_scalar and not field.many:
                prepend = getattr(builder, f"Prepend{SCALARS[field.type]}Slot")
                prepend(field.slot, getattr(self, field.name), field.default)
        return int(builder.EndObject())


class Schema(Declarations):
    """A schema's classes, made when they are asked for: `schema.ModelT` is that of table Model."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._objects: dict[str, type[TableObject]] = {}

    def root(self, content: bytes | bytearray, table: str) -> View:
        """The table with which a file begins."""
        return View(self, table, content, encode.Get(packer.uoffset, content, 0))

    def object(self, table: str) -> type[TableObject]:
        """The class of a table's objects."""
        if table not in self._objects:
            members = {
                "schema": self, "fields": self.tables[table], "slots": self.slots[table],
            }  # fmt: skip
            self._objects[table] = type(f"{table}T", (TableObject,), members)
        return self._objects[table]

    def __getattr__(self, name: str) -> Any:
        """`NameT`: the class of the objects of table Name."""
        if name.endswith("T") and name[:-1] in self.tables:
            return self.object(name[:-1])
        raise AttributeError(name)


def _pack_part(builder: flatbuffers.Builder, field: Field, value: Any) -> int:
    """Write a string, vector, table or union; its place."""
    if field.type == "string" and not field.many:
        return int(builder.CreateString(value))
    if not field.many:
        return int(value.pack(builder))
    if field.is_scalar and isinstance(value, np.ndarray):
        return int(builder.CreateNumpyVector(value))
    if field.is_scalar:
        width, prepend = field.flags.bytewidth, getattr(builder, f"Prepend{SCALARS[field.type]}")
        parts = list(value)
    else:
        width, prepend = OFFSET_BYTES, builder.PrependUOffsetTRelative
        parts = [element.pack(builder) for element in value]
    builder.StartVector(width, len(parts), width)
    for part in reversed(parts):
        prepend(part)
    return int(builder.EndVector())
