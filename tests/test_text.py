"""What others wrote is shown on one line, printable, and not without end."""

import pytest

from qmcu.text import LIMIT, first_line, nearest, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv_1 [/bold] Größe 重み", "conv_1 [/bold] Größe 重み"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\n::error::b\r", r"a\n::error::b\r"),
        ("a\u202eb\x9b", r"a\u202eb\x9b"),
        ("caf\udce9", r"caf\xe9"),
        ("", ""),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_long_texts_are_cut() -> None:
    assert printable("a" * LIMIT) == "a" * LIMIT
    assert printable("a" * 5000) == "a" * LIMIT + "... (5,000 characters)"


def test_the_first_line_of_what_a_library_says() -> None:
    assert first_line(ValueError("\n  no such layer.\n  Call stack: ...")) == "no such layer"
    assert first_line(KeyError()) == "KeyError"


def test_the_nearest_names() -> None:
    assert nearest("biuld", ["build", "test"]) == ", did you mean build"
    assert nearest("zzz", ["build", "test"]) == ""
