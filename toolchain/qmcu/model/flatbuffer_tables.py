"""Tables of a flatbuffer by its schema: views of one in a file, and objects to change and write.

The schema is text in flatbuffers' own language (see tflite.fbs), of which what a .tflite file needs
is read: enums, unions, tables of scalars, strings, vectors, tables and unions. A `Schema` makes its
classes when they are asked for. What damaged offsets lead to raises what `flatbuffers` raises.
"""

import re
from typing import Any

from flatbuffers import encode, packer

from qmcu.model.flatbuffer_fields import Field, View
from qmcu.model.flatbuffer_objects import Limits, TableObject, TooMuchError

__all__ = ["Field", "Limits", "Schema", "TableObject", "TooMuchError", "View"]

_COMMENTS = re.compile(r"//.*")
_BLOCKS = re.compile(r"(enum|union|table)\s+(\w+)\s*\{([^}]*)\}")
_FIELD = re.compile(r"(\w+)\s*:\s*(\[?)(\w+)\]?(?:\s*=\s*([-\w.]+))?(?:\s*\((deprecated)\))?")
_WORDS = ("enum", "union", "table")


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
