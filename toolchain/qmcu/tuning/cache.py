"""What was counted, one file a form, named by a digest of all that the count depends on.

A form that took different counts for different inputs is kept for its own model alone.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qmcu.files import write_atomic
from qmcu.resources import cache_directory


def default_cache() -> Path:
    """The user's own folder for counts."""
    return cache_directory("tune")


@dataclass(frozen=True)
class Kept:
    """Instructions of one inference of a form, and the bytes of its kernel's code."""

    count: int
    code: int


@dataclass(frozen=True)
class CountCache:
    """Counts in the folder `directory`; `model` is the SHA-256 of the model at hand."""

    directory: Path
    model: str

    def get(self, form: dict[str, Any]) -> Kept | None:
        """The count of a form, by what it depends on; None when it has to be counted (again)."""
        found = self._read(_digest(form))
        if found.get("of_model") is True:
            found = self._read(_digest(form, self.model))
        count, code = found.get("count"), found.get("code")
        if type(count) is int and type(code) is int and min(count, code) >= 0:
            return Kept(count, code)
        return None

    def put(self, form: dict[str, Any], counts: tuple[int, ...], code: int) -> Kept:
        """Keep what a form took for several inputs, and return that of the first."""
        same = len(set(counts)) == 1
        if not same:
            self._write(_digest(form), {"of_model": True, "form": form})
        key = _digest(form) if same else _digest(form, self.model)
        self._write(key, {"count": counts[0], "code": code, "form": form})
        return Kept(counts[0], code)

    def _read(self, key: str) -> dict[str, Any]:
        """A file's content; empty when it is missing or damaged, so that it is made again."""
        try:
            found = json.loads((self.directory / f"{key}.json").read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, key: str, document: dict[str, Any]) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        text = json.dumps(document, indent=1, sort_keys=True) + "\n"
        write_atomic(self.directory / f"{key}.json", text)


def _digest(form: dict[str, Any], model: str = "") -> str:
    text = json.dumps([form, model], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
