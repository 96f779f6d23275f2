"""The published schemas are those of the types, and say what the types say."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest
from tests.support.places import REPOSITORY

from qmcu import schemas

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


def test_a_type_that_no_document_may_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Wrong:
        __schema__ = "wrong-1"
        places: Path

    monkeypatch.setattr(schemas, "PUBLISHED", {Wrong: ""})
    with pytest.raises(TypeError, match="cannot hold"):
        schemas.schema_of(Wrong)
