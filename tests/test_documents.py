"""Documents: what is written comes back, and a wrong one is a sentence that says where."""

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qmcu import documents
from qmcu.errors import UsageError, VectorError


class Colour(enum.StrEnum):
    RED = "red"


class Round(documents.Variant, frozen=True, tag="round"):
    radius: int


class Square(documents.Variant, frozen=True, tag="square"):
    side: float


@dataclass(frozen=True)
class Part:
    shape: Round | Square
    data: bytes
    places: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Whole:
    __shown__ = ("count",)

    name: str
    colour: Colour
    parts: tuple[Part, ...]
    notes: Mapping[str, float] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many parts it has."""
        return len(self.parts)


WHOLE = Whole(
    "w", Colour.RED, (Part(Round(3), b"\xff\0"), Part(Square(0.1), b"", (("a", 1),))), {"x": 2.5}
)


def test_what_is_written_comes_back() -> None:
    text = documents.indented(WHOLE, format=2)
    assert documents.parse(text, Whole) == WHOLE
    document = json.loads(text)
    assert list(document) == ["format", "name", "colour", "parts", "notes", "count"]
    assert document["parts"][0] == {
        "shape": {"is": "round", "radius": 3}, "data": "/wA=", "places": [],
    }  # fmt: skip
    assert documents.rebuild(documents.plain(WHOLE), Whole) == WHOLE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is no whole: input data was truncated"),
        ("[" * 100_000, "is no whole"),
        (b"\xff", "is no whole: "),
        ("[]", "is no whole: expected `object`, got `array`"),
        ('{"format": 3}', "is no whole: its format is 3, and this qmcu reads 2"),
        ("{}", "is no whole: its format is None"),
        ('{"format": 2}', "is no whole: object missing required field `name`"),
        (
            documents.indented(WHOLE, format=2).replace("red", "blue"),
            "is no whole: colour: Invalid enum value 'blue'",
        ),
        (
            documents.indented(WHOLE, format=2).replace('"radius": 3', '"radius": "3"'),
            r"is no whole: parts\[0\].shape.radius: Expected `int`, got `str`",
        ),
        (
            documents.indented(WHOLE, format=2).replace('"/wA="', '"/wA"'),
            r"is no whole: parts\[0\].data: Invalid base64",
        ),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, text: str | bytes | None, words: str) -> None:
    path = tmp_path / "file.json"
    if text is not None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(UsageError, match=words) as found:
        documents.load(path, Whole, "whole", made_by="qmcu make", version=2)
    assert str(found.value).startswith(f"{path} ")
    assert str(found.value).endswith("; `qmcu make` writes it.")
    assert "\n" not in str(found.value)


def test_a_schema_is_a_version_and_the_error_is_the_readers(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(documents.indented(WHOLE, schema="whole-2"))
    assert documents.load(path, Whole, "whole", version="whole-2") == WHOLE
    with pytest.raises(VectorError, match="its schema is 'whole-2', and this qmcu reads 'whole-1'"):
        documents.load(path, Whole, "whole", version="whole-1", error=VectorError)
    with pytest.raises(UsageError, match="cannot be read: it is a folder"):
        documents.load(tmp_path, Whole, "whole")
