"""The published schemas are those of the types, and say what the types say."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from tests.support.places import REPOSITORY

from qmcu import documents, schemas
from qmcu.types import Count, Fraction, Sha256

FOLDER = REPOSITORY / "docs/schema"


@pytest.mark.parametrize("document", schemas.PUBLISHED, ids=lambda d: d.__schema__)
def test_the_published_schema_is_current(document: type) -> None:
    name = schemas.schema_of(document)["$id"]
    again = "python -m qmcu.schemas docs/schema writes it"
    assert (FOLDER / name).read_text() == schemas.schema_text(document), again


def test_every_schema_has_its_document() -> None:
    names = {schemas.schema_of(document)["$id"] for document in schemas.PUBLISHED}
    assert names == {path.name for path in FOLDER.glob("*.json")}


def test_the_command_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["schemas", str(tmp_path)])
    schemas.main()
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in FOLDER.glob("*.json")}


class Colour(StrEnum):
    """What it looks like."""

    RED = "red"


@dataclass(frozen=True)
class Part:
    """A part."""

    at: tuple[int, float]
    inside: "tuple[Part, ...]"


@dataclass(frozen=True)
class Whole:
    """A whole
    of parts."""

    __schema__ = "whole-1"
    __shown__ = ("count",)

    colour: Colour | None
    parts: Mapping[str, Part]
    size: int | float

    @property
    def count(self) -> int:
        """How many."""
        return len(self.parts)


def test_a_schema_says_what_the_types_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "PUBLISHED", {Whole: "qmcu whole"})
    schema = schemas.schema_of(Whole)
    assert (schema["title"], schema["description"]) == ("qmcu whole", "A whole of parts.")
    assert schema["required"] == ["qmcu", "schema", "colour", "parts", "size", "count"]
    shown = schema["properties"]
    assert shown["colour"] == {"anyOf": [{"$ref": "#/$defs/Colour"}, {"type": "null"}]}
    assert shown["parts"]["additionalProperties"] == {"$ref": "#/$defs/Part"}
    assert shown["size"] == {"type": "number"}
    assert shown["count"] == {"type": "integer", "description": "How many."}
    part = schema["$defs"]["Part"]["properties"]
    assert part["at"] == {
        "type": "array", "prefixItems": [{"type": "integer"}, {"type": "number"}],
        "minItems": 2, "maxItems": 2,
    }  # fmt: skip
    assert part["inside"] == {"type": "array", "items": {"$ref": "#/$defs/Part"}}


def test_limits_are_told_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Limited:
        __schema__ = "limited-1"
        hash: Sha256
        share: Fraction | None
        files: Annotated[tuple[Count, ...], msgspec.Meta(min_length=1)]

    monkeypatch.setattr(schemas, "PUBLISHED", {Limited: ""})
    shown = schemas.schema_of(Limited)["properties"]
    assert shown["hash"] == {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    assert shown["share"]["anyOf"][0] == {"type": "number", "minimum": 0, "maximum": 1}
    assert shown["files"]["minItems"] == 1
    assert shown["files"]["items"] == {"type": "integer", "minimum": 0}
    for name, wrong in (("hash", "0"), ("share", 1.5), ("files", []), ("files", [-1])):
        document = {"hash": "0" * 64, "share": 0.5, "files": [0]} | {name: wrong}
        with pytest.raises(ValueError, match=name):
            documents.rebuild(document, Limited)


def test_a_limit_that_no_schema_tells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Odd:
        __schema__ = "odd-1"
        number: Annotated[int, msgspec.Meta(multiple_of=2)]

    monkeypatch.setattr(schemas, "PUBLISHED", {Odd: ""})
    with pytest.raises(TypeError, match="cannot limit"):
        schemas.schema_of(Odd)


def test_a_type_that_no_document_may_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Wrong:
        __schema__ = "wrong-1"
        places: Path

    monkeypatch.setattr(schemas, "PUBLISHED", {Wrong: ""})
    with pytest.raises(TypeError, match="cannot hold"):
        schemas.schema_of(Wrong)
