"""Reading a TOML table key by key, each checked, with errors that name file and key."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qmcu.errors import BoardError

MACRO_NAME = r"[A-Z][A-Z0-9_]{0,47}"
SECTION_NAME = r"[a-z][a-z0-9_]{0,31}"
# A part of a path that leads nowhere else; a device or pack in CMSIS's words.
PLAIN_NAME = r"\w[\w.-]{0,63}"
CMSIS_NAME = r"\w[\w.:@-]{0,79}"
# PA9 (STM32), PTB17 (Kinetis), P0.06 (nRF), P209 or P10_14 (RA), GP0 (RP2040: one port).
_PIN = re.compile(r"PT?([A-K])(\d\d?)|P(\d\d?)[._]?(\d\d)|(GP)(\d\d?)")


def pin_numbers(pin: str) -> tuple[int, int]:
    """Port and number of a pin, counted from 0. Raises ValueError when it is no pin."""
    match = _PIN.fullmatch(pin)
    if match is None or int(match[2] or match[4] or match[6]) > 31:
        raise ValueError(pin)
    port = ord(match[1]) - ord("A") if match[1] else int(match[3] or 0)
    return port, int(match[2] or match[4] or match[6])


class Table:
    """A TOML table that remembers which keys were asked for, so that typos are refused."""

    def __init__(self, path: Path, prefix: str, data: Mapping[str, Any]) -> None:
        self._path = path
        self._prefix = prefix
        self._data = data
        self._known: set[str] = set()

    def error(self, key: str, problem: str) -> BoardError:
        """A BoardError for this key."""
        return BoardError(f"{self._path}: {self._prefix}{key} {problem}.")

    def _get(self, key: str, kind: type, name: str) -> Any:
        self._known.add(key)
        value = self._data.get(key)
        if value is None:
            raise self.error(key, f"is missing; give {name}")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(key, f"is {value!r}; give {name}")
        return value

    def text(self, key: str, pattern: str | None = None) -> str:
        """A string that is not empty, and that matches `pattern` as a whole if given."""
        value = str(self._get(key, str, "a text"))
        if not value:
            raise self.error(key, "is empty; give a text")
        self._match(key, value, pattern)
        return value

    def _match(self, key: str, value: str, pattern: str | None) -> None:
        if pattern is not None and not re.fullmatch(pattern, value, re.ASCII):
            raise self.error(key, f"is {value[:80]!r}, which does not fit {pattern}")

    def optional_text(self, key: str, pattern: str | None = None) -> str | None:
        """A string as `text` reads it, or None when the key is absent."""
        self._known.add(key)
        return self.text(key, pattern) if key in self._data else None

    def choice(self, key: str, values: Sequence[str]) -> str:
        """One of `values`."""
        value = self.text(key)
        if value not in values:
            raise self.error(key, f"is {value!r}; give one of {', '.join(values)}")
        return value

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """An integer from `low` to `high`."""
        if default is not None and key not in self._data:
            self._known.add(key)
            return default
        value = int(self._get(key, int, "an integer"))
        if not low <= value <= high:
            raise self.error(key, f"is {value}; give {low} to {high}")
        return value

    def boolean(self, key: str) -> bool:
        """True or False; False when absent."""
        self._known.add(key)
        return bool(self._get(key, bool, "true or false")) if key in self._data else False

    def texts(
        self, key: str, values: Sequence[str] = (), pattern: str | None = None
    ) -> tuple[str, ...]:
        """A string or an array of strings, each one of `values` or matching `pattern` if given.

        Empty when absent.
        """
        self._known.add(key)
        if key not in self._data:
            return ()
        value = self._data[key]
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(x and isinstance(x, str) for x in items):
            raise self.error(key, f"is {value!r}; give a text or an array of texts")
        for item in items:
            self._match(key, item, pattern)
            if values and item not in values:
                raise self.error(key, f"has {item!r}; take from {', '.join(values)}")
        return tuple(items)

    def pin(self, key: str) -> str | None:
        """A pin such as PA9, or None when absent."""
        value = self.optional_text(key)
        try:
            if value is not None:
                pin_numbers(value)
        except ValueError:
            raise self.error(key, f"is {value!r}; give a pin such as PA9 or P0.06") from None
        return value

    def usb_ids(self, key: str) -> tuple[str, ...]:
        """A list of USB ids such as 0483:374b, in lower case; empty when absent."""
        self._known.add(key)
        ids = self._get(key, list, "a list of USB ids") if key in self._data else []
        for value in ids:
            if not isinstance(value, str) or not re.fullmatch(
                r"[0-9a-fA-F]{4}:[0-9a-fA-F]{4}", value
            ):
                raise self.error(key, f"holds {value!r}; give USB ids such as 0483:374b")
        return tuple(value.lower() for value in ids)

    def integers(self, key: str, names: str = MACRO_NAME) -> dict[str, int]:
        """A table of names of this form and non-negative integers; empty when absent."""
        self._known.add(key)
        if key not in self._data:
            return {}
        table = self._get(key, dict, "a table of integers")
        for name, value in table.items():
            if not re.fullmatch(names, name, re.ASCII):
                case = "upper" if names == MACRO_NAME else "lower"
                raise self.error(f"{key}.{name}", f"is no {case}-case name")
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise self.error(f"{key}.{name}", f"is {value!r}; give a non-negative integer")
        return dict(table)

    def table(self, key: str, *, optional: bool = False) -> "Table":
        """A table inside this one."""
        self._known.add(key)
        if optional and key not in self._data:
            return Table(self._path, f"{self._prefix}{key}.", {})
        return Table(self._path, f"{self._prefix}{key}.", self._get(key, dict, "a table"))

    def optional_table(self, key: str) -> "Table | None":
        """A table inside this one, or None when the key is absent."""
        self._known.add(key)
        return self.table(key) if key in self._data else None

    def tables(self, key: str) -> list["Table"]:
        """An array of tables."""
        items = self._get(key, list, "an array of tables")
        if not all(isinstance(item, dict) for item in items):
            raise self.error(key, "is no array of tables")
        return [Table(self._path, f"{self._prefix}{key}[{i}].", m) for i, m in enumerate(items)]

    def free(self, key: str) -> dict[str, Any]:
        """A table whose content is checked elsewhere; empty when absent."""
        self._known.add(key)
        return dict(self._get(key, dict, "a table")) if key in self._data else {}

    def refuse_unknown_keys(self) -> None:
        """Raise BoardError for a key that nothing asked for."""
        unknown = sorted(set(self._data) - self._known)
        if unknown:
            known = ", ".join(sorted(self._known))
            raise self.error(unknown[0], f"is no known key (known here: {known})")
