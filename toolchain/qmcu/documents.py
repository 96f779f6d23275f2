"""Results as JSON text."""

import json
from collections.abc import Mapping
from typing import Any

import qmcu


def to_json(document: Mapping[str, Any]) -> str:
    """Indented JSON with the version of qmcu that wrote it."""
    return json.dumps({"qmcu": qmcu.__version__, **document}, indent=1) + "\n"
