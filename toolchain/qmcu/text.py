"""Text that others wrote (names in models, boards and files) on its way to people.

A name may hold escape sequences that move the cursor, line breaks that forge a line of a CI log,
marks that turn the direction of writing, or a million characters. `printable` leaves none of
them, `first_line` takes the one that matters of an error.
"""

import difflib
from collections.abc import Iterable

LIMIT = 200


def printable(text: object, limit: int | None = LIMIT) -> str:
    r"""`text` on one line: what is not printable as \x1b, \n or \u202e, what is too long cut.

    Printable text of at most `limit` characters (None: any number) stays as it is.
    """
    content = str(text)
    if limit is not None and len(content) > limit:
        content = f"{content[:limit]}... ({len(content):,} characters)"
    return content if content.isprintable() else "".join(map(_shown, content))


def printable_lines(text: str) -> list[str]:
    """The lines of a text of our own; each is printable, and none is cut."""
    return [printable(line, None) for line in text.split("\n")]


def first_line(error: Exception) -> str:
    """What a library says of an error, without its page of text and without a full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def nearest(name: str, known: Iterable[str]) -> str:
    """`, did you mean a or b`: the known names nearest to a mistyped one; "" without any."""
    near = difflib.get_close_matches(name, list(known), n=3)
    return f", did you mean {' or '.join(near)}" if near else ""


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    # A byte of a file name that is no UTF-8 (PEP 383).
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return repr(character)[1:-1]
