"""Comparisons and audits as SARIF 2.1.0, which code hosts show beside the files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qmcu.comparison import TestResult
from qmcu.files import write_atomic
from qmcu.sarif import file_location, sarif_log

if TYPE_CHECKING:
    from qmcu.backdoor.detectors import AuditResult

_RULES = {
    "output-differs": "An output of the device is not the interpreter's, byte for byte.",
    "layer-differs": "A layer's output on the device is not the interpreter's, byte for byte.",
}
_TAGS = ("OWASP ML06:2023", "OWASP ML10:2023", "MITRE ATLAS AML.T0010", "MITRE ATLAS AML.T0018")
_LEVELS = {"decisive": "error", "static": "error", "integrity": "error", "supporting": "warning"}


def write_sarif(results: Sequence[TestResult], path: Path) -> None:
    """One SARIF result for each vector and layer that differs; none when all are equal.

    Raises UsageError when the file cannot be written.
    """
    rules = [{"id": k, "shortDescription": {"text": v}} for k, v in _RULES.items()]
    differing = [finding for result in results for finding in _findings(result)]
    write_atomic(path, json.dumps(sarif_log("qmcu test", rules, differing), indent=1) + "\n")


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


def write_audit_sarif(audit: "AuditResult", path: Path) -> None:
    """A rule for each detector that ran, a result for each one that fired.

    Raises UsageError when the file cannot be written.
    """
    from qmcu.backdoor.detectors import load_detectors  # its packages are an extra

    detectors = load_detectors()
    rules = [
        {
            "id": f.detector,
            "shortDescription": {"text": detectors[f.detector].summary},
            "properties": {"tags": ["security", *_TAGS]},
        }
        for f in audit.findings
    ]
    place = audit.audited.get("int8") or audit.audited.get("float", "model")
    results = [
        {
            "ruleId": f.detector,
            "level": _LEVELS[f.weight],
            "message": {"text": f.reason},
            "properties": {"score": f.score, "threshold": f.threshold, "pValue": f.p_value},
            "locations": [file_location(Path(place))],
        }
        for f in audit.findings
        if f.suspicious
    ]
    write_atomic(path, json.dumps(sarif_log("qmcu audit", rules, results), indent=1) + "\n")
