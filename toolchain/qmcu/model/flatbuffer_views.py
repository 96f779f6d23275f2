"""Tables of a flatbuffer where they lie in a file.

What damaged offsets lead to raises what `flatbuffers` raises.
"""

import struct
from typing import Any

from flatbuffers.table import Table

from qmcu.model.flatbuffer_schema import Declarations, Field

OFFSET_BYTES = 4
_U16, _I32 = struct.Struct("<H"), struct.Struct("<i")


class View:
    """A table where it lies in a file's bytes; fields are named as in `Field`."""

    def __init__(self, schema: Declarations, name: str, content: Any, position: int) -> None:
        self._schema, self._fields, self.name = schema, schema.tables[name], name
        self._table = Table(content, position)
        # Where the places of its fields are told, and how many bytes that is; 0 until asked for.
        self._places = self._places_size = 0

    @property
    def content(self) -> Any:
        """The file's bytes."""
        return self._table.Bytes

    @property
    def position(self) -> int:
        """Where in them the table is."""
        return int(self._table.Pos)

    def number(self, name: str) -> Any:
        """A scalar, or its default."""
        field = self._fields[name]
        offset = self._offset(field)
        if not offset:
            return field.default
        return field.packer.unpack_from(self._table.Bytes, offset + self._table.Pos)[0]

    def text(self, name: str) -> bytes | None:
        """A string's bytes, None when it has none."""
        offset = self._offset(self._fields[name])
        return bytes(self._table.String(offset + self._table.Pos)) if offset else None

    def length(self, name: str) -> int:
        """How many elements a vector, or bytes a string, has: 0 when it is not there."""
        offset = self._offset(self._fields[name])
        return int(self._table.VectorLen(offset)) if offset else 0

    def numbers(self, name: str) -> Any:
        """A vector of scalars as an array over the file's bytes, None when it is not there."""
        field = self._fields[name]
        offset = self._offset(field)
        return self._table.GetVectorAsNumpy(field.flags, offset) if offset else None

    def table(self, name: str) -> "View | None":
        """A table within the table, None when it is not there."""
        field = self._fields[name]
        offset = self._offset(field)
        if not offset:
            return None
        place = self._table.Indirect(offset + self._table.Pos)
        return View(self._schema, field.type, self._table.Bytes, place)

    def item(self, name: str, index: int) -> "View":
        """An element of a vector of tables."""
        field = self._fields[name]
        place = self._table.Vector(self._offset(field)) + OFFSET_BYTES * index
        return View(self._schema, field.type, self._table.Bytes, self._table.Indirect(place))

    def items(self, name: str) -> "list[View]":
        """Every element of a vector of tables."""
        return [self.item(name, index) for index in range(self.length(name))]

    def union(self, name: str) -> "View | None":
        """A union's table, None when it is not there or of a type that the schema lacks."""
        field = self._fields[name]
        offset = self._offset(field)
        chosen = self._schema.unions[field.type].get(self.number(f"{name}Type"))
        if not offset or chosen is None:
            return None
        place = Table(bytearray(), 0)
        self._table.Union(place, offset)
        return View(self._schema, chosen, place.Bytes, place.Pos)

    def has(self, name: str) -> bool:
        """Whether the file says anything about the field."""
        return bool(self._offset(self._fields[name]))

    def _offset(self, field: Field) -> int:
        """As flatbuffers' Table.Offset, which looks for the vtable each time."""
        if not self._places_size:
            self._find_places()
        at = OFFSET_BYTES + 2 * field.slot
        if at >= self._places_size:
            return 0
        return int(_U16.unpack_from(self._table.Bytes, self._places + at)[0])

    def _find_places(self) -> None:
        content, position = self._table.Bytes, self._table.Pos
        places = position - _I32.unpack_from(content, position)[0]
        if places < 0:
            raise ValueError("a vtable lies before the file")
        self._places, self._places_size = places, _U16.unpack_from(content, places)[0]
