"""Tables of a flatbuffer by its schema: views of one in a file, and objects to change and write.

The schema is text in flatbuffers' own language (see tflite.fbs), of which what a .tflite file needs
is read: enums, unions, tables of scalars, strings, vectors, tables and unions. A `Schema` makes its
classes when they are asked for. What damaged offsets lead to raises what `flatbuffers` raises.
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flatbuffers
import numpy as np
from flatbuffers import encode, number_types, packer
from flatbuffers.table import Table

_COMMENTS = re.compile(r"//.*")
_BLOCKS = re.compile(r"(enum|union|table)\s+(\w+)\s*\{([^}]*)\}")
_FIELD = re.compile(r"(\w+)\s*:\s*(\[?)(\w+)\]?(?:\s*=\s*([-\w.]+))?(?:\s*\((deprecated)\))?")
# By the schema's names: what flatbuffers calls them in its Builder and its number types.
_SCALARS = {
    "bool": "Bool", "byte": "Int8", "ubyte": "Uint8", "short": "Int16", "ushort": "Uint16",
    "int": "Int32", "uint": "Uint32", "long": "Int64", "ulong": "Uint64",
    "float": "Float32", "double": "Float64",
}  # fmt: skip
_WORDS = ("enum", "union", "table")
_OFFSET_BYTES = 4
_U16, _I32 = struct.Struct("<H"), struct.Struct("<i")


@dataclass(frozen=True)
class Field:
    """A field of a table: `slot` is its number, `type` a scalar, string, table or union.

    `name` is the attribute (camelCase); a vector has `many`. `default` is that of a scalar.
    """

    name: str
    slot: int
    type: str
    many: bool
    default: bool | int | float

    @cached_property
    def is_scalar(self) -> bool:
        """Whether it, or each element of it, is a number."""
        return self.type in _SCALARS

    @cached_property
    def flags(self) -> Any:
        """Of numbers: flatbuffers' class for the type."""
        return getattr(number_types, f"{_SCALARS[self.type]}Flags")

    @cached_property
    def packer(self) -> struct.Struct:
        """Of numbers: what reads one."""
        packer: struct.Struct = self.flags.packer_type
        return packer


class View:
    """A table where it lies in a file's bytes; fields are named as in `Field`."""

    def __init__(self, schema: "Schema", name: str, content: Any, position: int) -> None:
        self._schema, self._fields, self.name = schema, schema.tables[name], name
        self._table = Table(content, position)
        # Where the places of its fields are told, and how many bytes that is; 0 until asked for.
        self._places = self._places_size = 0

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
        place = self._table.Vector(self._offset(field)) + _OFFSET_BYTES * index
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
        at = _OFFSET_BYTES + 2 * field.slot
        if at >= self._places_size:
            return 0
        return int(_U16.unpack_from(self._table.Bytes, self._places + at)[0])

    def _find_places(self) -> None:
        content, position = self._table.Bytes, self._table.Pos
        places = position - _I32.unpack_from(content, position)[0]
        if places < 0:
            raise ValueError("a vtable lies before the file")
        self._places, self._places_size = places, _U16.unpack_from(content, places)[0]


class TableObject:
    """A table's fields as attributes, to read or change; the classes are made by a `Schema`."""

    schema: "Schema"
    fields: Mapping[str, Field]
    slots: int

    def __init__(self) -> None:
        for field in self.fields.values():
            plain = field.is_scalar and not field.many
            setattr(self, field.name, field.default if plain else None)

    @classmethod
    def read(cls, view: View) -> Any:
        """The object with everything that is below the table."""
        found = cls.__new__(cls)  # every attribute is set here
        for field in cls.fields.values():
            setattr(found, field.name, cls._part(view, field))
        return found

    @classmethod
    def _part(cls, view: View, field: Field) -> Any:
        name, schema = field.name, cls.schema
        if field.is_scalar:
            return view.numbers(name) if field.many else view.number(name)
        if field.type == "string":
            return view.text(name)
        if field.many:
            element = schema.object(field.type)
            return [element.read(v) for v in view.items(name)] if view.has(name) else None
        inner = view.union(name) if field.type in schema.unions else view.table(name)
        return None if inner is None else schema.object(inner.name).read(inner)

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
                prepend = getattr(builder, f"Prepend{_SCALARS[field.type]}Slot")
                prepend(field.slot, getattr(self, field.name), field.default)
        return int(builder.EndObject())


def _pack_part(builder: flatbuffers.Builder, field: Field, value: Any) -> int:
    """Write a string, vector, table or union; its place."""
    if field.type == "string" and not field.many:
        return int(builder.CreateString(value))
    if not field.many:
        return int(value.pack(builder))
    if field.is_scalar and isinstance(value, np.ndarray):
        return int(builder.CreateNumpyVector(value))
    if field.is_scalar:
        width, prepend = field.flags.bytewidth, getattr(builder, f"Prepend{_SCALARS[field.type]}")
        parts = list(value)
    else:
        width, prepend = _OFFSET_BYTES, builder.PrependUOffsetTRelative
        parts = [element.pack(builder) for element in value]
    builder.StartVector(width, len(parts), width)
    for part in reversed(parts):
        prepend(part)
    return int(builder.EndVector())


class Schema:
    """What a schema's text says.

    `enums` and `unions` are by name: names to numbers, and numbers to tables' names. `tables` has
    each table's fields by their attributes' names. `schema.ModelT` is the object of table Model.
    """

    def __init__(self, text: str) -> None:
        blocks = _BLOCKS.findall(_COMMENTS.sub("", text))
        bodies = {word: [(n, b) for w, n, b in blocks if w == word] for word in _WORDS}
        self.enums = {name: _numbered(body) for name, body in bodies["enum"]}
        self.unions = {
            name: dict(enumerate((_split(body, ",")), 1)) for name, body in bodies["union"]
        }
        for name, union in self.unions.items():
            self.enums[name] = {"NONE": 0} | {table: number for number, table in union.items()}
        self.tables: dict[str, dict[str, Field]] = {}
        self._slots: dict[str, int] = {}
        for name, body in bodies["table"]:
            self.tables[name], self._slots[name] = self._fields(_split(body, ";"))
        self._objects: dict[str, type[TableObject]] = {}

    def root(self, content: bytes | bytearray, table: str) -> View:
        """The table with which a file begins."""
        return View(self, table, content, encode.Get(packer.uoffset, content, 0))

    def object(self, table: str) -> type[TableObject]:
        """The class of a table's objects."""
        if table not in self._objects:
            members = {
                "schema": self, "fields": self.tables[table], "slots": self._slots[table],
            }  # fmt: skip
            self._objects[table] = type(f"{table}T", (TableObject,), members)
        return self._objects[table]

    def __getattr__(self, name: str) -> Any:
        """`NameT`: the class of the objects of table Name."""
        if name.endswith("T") and name[:-1] in self.tables:
            return self.object(name[:-1])
        raise AttributeError(name)

    def _fields(self, texts: list[str]) -> tuple[dict[str, Field], int]:
        """The fields in use by name, and how many slots there are with those that are not."""
        found, slot = {}, 0
        for text in texts:
            match = _FIELD.fullmatch(text)
            if match is None:
                raise ValueError(f"{text!r} is no field")
            name, many, kind, default, deprecated = match.groups()
            name = camel_case(name)
            if kind in self.unions and not many:
                # Which of its tables it is stands before it, in a slot of its own.
                found[f"{name}Type"] = Field(f"{name}Type", slot, "ubyte", False, 0)
                slot += 1
            if not deprecated:
                found[name] = Field(name, slot, kind, bool(many), _default(kind, default))
            slot += 1
        return found, slot


def camel_case(name: str) -> str:
    """`stride_h` to `strideH`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _default(kind: str, text: str | None) -> bool | int | float:
    if kind == "bool":
        return text == "true"
    return float(text or 0) if kind in ("float", "double") else int(text or 0)


def _split(body: str, mark: str) -> list[str]:
    return [" ".join(part.split()) for part in body.split(mark) if part.strip()]


def _numbered(body: str) -> dict[str, int]:
    """An enum's names with their numbers: that which is given, else one more than the last."""
    found: dict[str, int] = {}
    for part in _split(body, ","):
        name, _, number = part.partition("=")
        found[name.strip()] = int(number) if number else [-1, *found.values()][-1] + 1
    return found
