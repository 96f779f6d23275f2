"""Documents against the published schemas."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.support.places import REPOSITORY

SCHEMAS = REPOSITORY / "docs/schema"


def checked(path: Path, name: str) -> dict[str, Any]:
    """The document at `path`, which names its schema and fits it."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    document: dict[str, Any] = json.loads(path.read_text())
    jsonschema.validate(document, schema)
    assert document["schema"] == name == schema["properties"]["schema"]["const"]
    # A schema that takes anything would prove nothing.
    for key in schema["required"]:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({k: v for k, v in document.items() if k != key}, schema)
    return document
