"""What a flatbuffer schema's text declares.

The schema is text in flatbuffers' own language (see tflite.fbs), of which what a .tflite file needs
is read: enums, unions, tables of scalars, strings, vectors, tables and unions.
"""

import re
import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flatbuffers import number_types

# By the schema's names: what flatbuffers calls them in its Builder and its number types.
SCALARS = {
    "bool": "Bool", "byte": "Int8", "ubyte": "Uint8", "short": "Int16", "ushort": "Uint16",
    "int": "Int32", "uint": "Uint32", "long": "Int64", "ulong": "Uint64",
    "float": "Float32", "double": "Float64",
}  # fmt: skip

_COMMENTS = re.compile(r"//.*")
_BLOCKS = re.compile(r"(enum|union|table)\s+(\w+)\s*\{([^}]*)\}")
_FIELD = re.compile(r"(\w+)\s*:\s*(\[?)(\w+)\]?(?:\s*=\s*([-\w.]+))?(?:\s*\((deprecated)\))?")
_WORDS = ("enum", "union", "table")


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
        return self.type in SCALARS

    @cached_property
    def flags(self) -> Any:
        """Of numbers: flatbuffers' class for the type."""
        return getattr(number_types, f"{SCALARS[self.type]}Flags")

    @cached_property
    def packer(self) -> struct.Struct:
        """Of numbers: what reads one."""
        packer: struct.Struct = self.flags.packer_type
        return packer


class Declarations:
    """`enums` and `unions` are by name: names to numbers, and numbers to tables' names.

    `tables` has each table's fields by their attributes' names, `slots` how many slots it has.
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
        self.slots: dict[str, int] = {}
        for name, body in bodies["table"]:
            self.tables[name], self.slots[name] = self._fields(_split(body, ";"))

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
