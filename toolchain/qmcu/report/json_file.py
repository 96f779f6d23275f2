"""Results as JSON files."""

from pathlib import Path
from typing import Any

from qmcu.documents import to_json
from qmcu.files import write_atomic


def write_json(document: Any, path: Path) -> None:
    """Write a document whole or not at all. Raises UsageError when that fails."""
    write_atomic(path, to_json(document))
