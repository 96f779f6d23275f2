"""The test split is opened once for a release, and every opening is counted.

The first audit of a test model writes down what code audits. Later ones with the same code go on
with it; with other detectors the split would be opened again, which must be asked for.
"""

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qmcu.backdoor
from qmcu.documents import plain
from qmcu.errors import UsageError
from qmcu.files import write_atomic

_ROOT = Path(qmcu.backdoor.__file__).parent
# What an audit computes with; attacks and defences may change.
_PARTS = ("detectors", "grids", "inputs", "networks", "rates")
OPENED = "opened.json"


@dataclass(frozen=True)
class Code:
    """The code that audits: a commit, and the sum of the modules that an audit runs."""

    commit: str
    detectors: str


def present_code() -> Code:
    """That of this working tree; the commit is "" where git does not tell it."""
    sums = hashlib.sha256()
    for part in _PARTS:
        for path in sorted((_ROOT / part).rglob("*.py")):
            sums.update(f"{path.relative_to(_ROOT)}\n".encode() + path.read_bytes())
    command = ["git", "-C", str(_ROOT), "rev-parse", "--short=10", "HEAD"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    return Code(told.stdout.strip(), sums.hexdigest()[:16])


def openings(results: Path) -> list[dict[str, Any]]:
    """The code of every opening of the test split, the first first."""
    path = results / OPENED
    found: list[dict[str, Any]] = json.loads(path.read_text()) if path.is_file() else []
    return found


def open_test(results: Path, code: Code, *, again: bool) -> None:
    """Count an opening of the test split by `code`, unless it is the last one's detectors.

    Raises UsageError when it was opened with others and not `again`.
    """
    before = openings(results)
    if before and before[-1]["detectors"] == code.detectors:
        return
    if before and not again:
        raise UsageError(
            f"the test split was opened with the detectors of commit {before[-1]['commit']} and "
            "these are others; --open-again opens it once more, which is counted."
        )
    text = json.dumps([*before, plain(code)], indent=1) + "\n"
    write_atomic(results / OPENED, text)
