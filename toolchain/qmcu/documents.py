"""Typed documents: dataclasses as JSON and back, and one way of reading a file of them.

A document is a dataclass. Its fields are written in their order, then what its class names in
`__shown__`: properties that a reader wants to see and that are not read back; `__written__` gives
the whole order instead. A class with `__schema__` is published under that name, in docs/schema.
What is read is checked against the annotations, down to the last list; unknown keys are left alone.
"""

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import msgspec

import qmcu
from qmcu.errors import QmcuError, UsageError
from qmcu.files import read_regular
from qmcu.types import Number

T = TypeVar("T")


class Variant(msgspec.Struct, frozen=True, tag_field="is"):
    """Base of alternatives of which a document holds one: their key `is` says which."""


def to_json(document: Any) -> str:
    """Indented JSON with the version of qmcu that wrote it, and the name of its schema if any."""
    schema = getattr(document, "__schema__", None)
    header = {} if schema is None else {"schema": schema}
    return indented(document, qmcu=qmcu.__version__, **header)


def written_names(kind: type) -> tuple[str, ...]:
    """The keys under which a dataclass is written, in their order."""
    shown = getattr(kind, "__shown__", ())
    return getattr(kind, "__written__", (*(f.name for f in fields(kind)), *shown))


def indented(document: Any, **header: Any) -> str:
    """A document (a dataclass or plain data) as indented JSON, behind the keys of `header`."""
    return json.dumps({**header, **plain(document)} if header else plain(document), indent=1) + "\n"


def plain(value: Any) -> Any:
    """A document as plain JSON data: bytes in base64, enums by value, tuples as lists.

    What JSON has no number for is written in words, as `number` says.
    """
    if is_dataclass(value):
        return {name: plain(getattr(value, name)) for name in written_names(type(value))}
    if isinstance(value, Variant):
        config = type(value).__struct_config__
        return {"is": config.tag} | {n: plain(getattr(value, n)) for n in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return number(value) if isinstance(value, float) else value


def number(value: int | float) -> Number:
    """A number for a document: itself, or "NaN", "Infinity", "-Infinity", which JSON lacks."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def parse(text: bytes | str, kind: type[T]) -> T:
    """The `kind` (a dataclass) that JSON text holds.

    Raises ValueError that says where the text is no JSON or what of it has another type.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        place = where.strip("`").removeprefix("$").removeprefix(".")
        raise ValueError(f"{place}: {what}" if place else what) from error


def rebuild(document: Any, kind: type[T]) -> T:
    """The `kind` (a dataclass) of plain data, as `plain` made it. Raises ValueError as `parse`."""
    return parse(json.dumps(document), kind)


class _Header(msgspec.Struct):
    format: Any = None
    schema: Any = None


def load(
    path: Path,
    kind: type[T],
    what: str,
    *,
    made_by: str = "qmcu build",
    version: int | str | None = None,
    error: type[QmcuError] = UsageError,
    check: Callable[[T], None] = lambda document: None,
) -> T:
    """Read the document at `path`, a `kind` (a dataclass); `what` it is, such as `plan of a build`.

    `version` is the number under its key `format`, or the name under `schema` (by default that of
    `kind`), that this qmcu reads; `check` raises ValueError for what types cannot tell. Raises
    `error`, in one sentence that names the file, what is wrong and the command `made_by`, when the
    file is missing, unreadable, of another version or damaged.
    """
    again = f"`{made_by}` writes it"
    try:
        text = read_regular(path, error)
    except error as cause:
        raise error(f"{str(cause).rstrip('.')}; {again}.") from cause
    try:
        _check_version(text, getattr(kind, "__schema__", version))
        document = parse(text, kind)
        check(document)
        return document
    except ValueError as cause:
        raise error(f"{path} is no {what}: {_lower(str(cause))}; {again}.") from cause


def _check_version(text: bytes, version: int | str | None) -> None:
    if version is None:
        return
    key = "schema" if isinstance(version, str) else "format"
    given = getattr(parse(text, _Header), key)
    if given != version:
        raise ValueError(f"its {key} is {given!r}, and this qmcu reads {version!r}")


def _lower(sentence: str) -> str:
    """A sentence as a clause; JSON stays JSON."""
    return sentence if sentence[:2].isupper() else sentence[:1].lower() + sentence[1:]
