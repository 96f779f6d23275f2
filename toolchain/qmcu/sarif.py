"""SARIF 2.1.0, the format in which code hosts take findings: the frame around them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import qmcu

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_log(
    tool: str, rules: Sequence[dict[str, Any]], results: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """A log of one run of `tool` (such as `qmcu test`) with its rules and results."""
    driver = {"name": tool, "version": qmcu.__version__, "rules": list(rules)}
    run = {"tool": {"driver": driver}, "results": list(results)}
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def file_location(path: Path) -> dict[str, Any]:
    """The location of a file, relative to where the command runs if it is below."""
    absolute = path.absolute()
    if absolute.is_relative_to(Path.cwd()):
        uri = quote(absolute.relative_to(Path.cwd()).as_posix())
    else:
        uri = absolute.as_uri()
    return {"physicalLocation": {"artifactLocation": {"uri": uri}}}
