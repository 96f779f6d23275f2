"""Comparisons as SARIF 2.1.0, which code hosts show beside the files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qmcu.comparison import TestResult
from qmcu.files import write_atomic
from qmcu.sarif import file_location, sarif_log

_RULES = {
    "output-differs": "An output of the device is not the interpreter's, byte for byte.",
    "layer-differs": "A layer's output on the device is not the interpreter's, byte for byte.",
}


def write_sarif(results: Sequence[TestResult], path: Path) -> None:
    """One SARIF result for each vector and layer that differs; none when all are equal.

    Raises UsageError when the file cannot be written.
    """
    rules = [{"id": k, "shortDescription": {"text": v}} for k, v in _RULES.items()]
    found = [finding for result in results for finding in _findings(result)]
    write_atomic(path, json.dumps(sarif_log("qmcu test", rules, found), indent=1) + "\n")


def _findings(result: TestResult) -> list[dict[str, Any]]:
    findings = [
        _finding(result, "output-differs", str(difference), difference.difference.tensor)
        for difference in result.differences
    ]
    layer = result.layer_difference
    if layer is not None:
        text = f"vector {layer.vector}: first to differ is {layer}"
        findings.append(_finding(result, "layer-differs", text, layer.layer))
    return findings


def _finding(result: TestResult, rule: str, text: str, name: str) -> dict[str, Any]:
    model = Path(result.image).with_name("model.tflite")
    return {
        "ruleId": rule,
        "level": "error",
        "message": {"text": f"{result.model} on {result.board} ({result.device}), {text}"},
        "locations": [file_location(model) | {"logicalLocations": [{"name": name}]}],
        "properties": {
            "board": result.board,
            "device": result.device,
            "buildId": result.build_id,
            "modelSha256": result.model_sha256,
            "source": result.source,
        },
    }
