"""Results as JSON files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import qmcu
from qmcu.files import write_atomic


def to_json(document: Mapping[str, Any]) -> str:
    """Indented JSON with the version of qmcu that wrote it."""
    return json.dumps({"qmcu": qmcu.__version__, **document}, indent=1) + "\n"


def write_json(document: Mapping[str, Any], path: Path) -> None:
    """Write a result whole or not at all. Raises UsageError when that fails."""
    write_atomic(path, to_json(document))
