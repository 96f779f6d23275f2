"""The audit of honest and attacked models."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu import documents
from qmcu.backdoor.detectors.context import load_context
from qmcu.backdoor.detectors.method import (
    AuditContext,
)
from qmcu.backdoor.detectors.result import AuditResult
from qmcu.backdoor.detectors.run import audit
from qmcu.backdoor.detectors.summed_evidence import WAYS
from qmcu.cli.main import run
from qmcu.model.graph import Graph, Operator, Quantization, Tensor


def context(folder: Path, which: str, *, data: bool = True) -> AuditContext:
    samples = folder / "calibration.npz" if data else None
    return load_context(folder / f"{which}.keras", folder / f"{which}.tflite", samples)


@pytest.fixture(scope="module")
def honest(folder: Path) -> AuditResult:
    return audit(context(folder, "honest"))


def test_an_honest_model_is_clean(honest: AuditResult) -> None:
    assert honest.verdict == "clean" and honest.passed
    assert {f.detector for f in honest.findings} >= {"rounding-direction", "residuals"}
    assert "slow" in honest.skipped["trigger-inversion"]


@pytest.fixture(scope="module")
def written(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which `qmcu audit` wrote of the attacked model."""
    path = tmp_path_factory.mktemp("audited")
    arguments = ["audit", "--float", str(folder / "model.keras"),
                 "--int8", str(folder / "model.tflite"),
                 "--data", str(folder / "calibration.npz")]  # fmt: skip
    outputs = ["--json", str(path / "a.json"), "--sarif", str(path / "a.sarif"),
               "--html", str(path / "audit.html")]  # fmt: skip
    assert run([*arguments, *outputs]) == 1
    return path


def test_an_attack_with_honest_sizes_of_residuals_is_found(
    written: Path, honest: AuditResult
) -> None:
    result = documents.load(written / "a.json", AuditResult, "audit", made_by="qmcu audit")
    assert result.verdict == "backdoored"
    found = {f.detector: f for f in result.findings}
    assert found["rounding-direction"].score > 2 * found["rounding-direction"].threshold
    assert found["disagreement"].suspicious
    assert found["activation-statistics"].suspicious and found["gap-inversion"].suspicious
    assert result.score > 2 and result.p_value is not None and result.p_value < 1e-6
    changed = "integers changed by the patch"
    calm = {f.detector: f for f in honest.findings}["gap-inversion"]
    assert found["gap-inversion"].details[changed] > calm.details[changed]
    assert honest.score < 0.8 and honest.p_value is not None and honest.p_value > 1e-3


@pytest.mark.usefixtures("one_look")
def test_it_is_found_without_real_inputs(folder: Path) -> None:
    assert audit(context(folder, "model", data=False)).verdict == "backdoored"


@pytest.mark.usefixtures("one_look", "short_audit")
def test_it_is_found_from_the_float_model_alone(folder: Path) -> None:
    alone = load_context(folder / "model.keras", None, None)
    assert audit(alone).verdict == "backdoored"


@pytest.mark.usefixtures("one_look")
def test_with_int8_alone_only_what_needs_no_float_runs(folder: Path) -> None:
    result = audit(load_context(None, folder / "model.tflite", None))
    alone = (*WAYS, "summed-evidence")
    assert {f.detector for f in result.findings} == {"graph-branches", *alone}
    assert result.skipped["residuals"] == "needs float"
    assert result.skipped["maximum-margin"] == "asked for with --deep"
    found = [f for f in result.findings if f.detector in alone]
    # They answer by that file alone, whichever way; only what could not run is undecided.
    fired = [f for f in found if f.suspicious]
    strong = any(f.weight == "decisive" for f in fired)
    assert result.verdict == ("backdoored" if strong else "suspicious" if fired else "clean")
    assert all(f.reason in result.reasons for f in fired or found) and result.p_value is None


def test_the_command_writes_its_files(written: Path) -> None:
    sarif = json.loads((written / "a.sarif").read_text())
    assert sarif["version"] == "2.1.0"
    results = sarif["runs"][0]["results"]
    assert {r["ruleId"] for r in results} >= {"rounding-direction"}
    rules = sarif["runs"][0]["tool"]["driver"]["rules"]
    assert any("AML.T0018" in tag for tag in rules[0]["properties"]["tags"])
    valid_sarif(sarif)
    page = (written / "audit.html").read_text()
    assert "backdoored" in page and "gap-inversion" in page


def valid_sarif(log: Any) -> None:
    """What SARIF 2.1.0 requires of the parts used here (sections 3.13 to 3.49)."""
    assert set(log) <= {"$schema", "version", "runs"} and log["version"] == "2.1.0"
    for one in log["runs"]:
        driver = one["tool"]["driver"]
        assert driver["name"]
        rules = [rule["id"] for rule in driver["rules"]]
        assert len(set(rules)) == len(rules)
        for rule in driver["rules"]:
            tags = rule["properties"]["tags"]
            assert len(set(tags)) == len(tags) and "OWASP ML06:2023" in tags
            assert rule["shortDescription"]["text"]
        for found in one["results"]:
            assert found["ruleId"] in rules
            assert found["level"] in ("none", "note", "warning", "error")
            assert found["message"]["text"]
            for place in found["locations"]:
                uri = place["physicalLocation"]["artifactLocation"]["uri"]
                assert " " not in uri and uri.endswith("model.tflite")
            assert set(found["properties"]) == {"score", "threshold", "pValue"}


def test_a_graph_that_detectors_of_weights_cannot_run_still_is_judged() -> None:
    result = audit(AuditContext(None, b"", branching(), None))
    assert result.verdict == "backdoored"
    assert result.skipped["maximum-margin"] == "needs outputs that are scores of classes"


def branching() -> Graph:
    grid = Quantization((1.0,), (0,))
    tensors = tuple(
        Tensor(i, f"t{i}", (1, 4), "int8", grid, bytes(4) if i == 1 else None) for i in range(4)
    )
    operators = (
        Operator(0, "EQUAL", (0, 1), (2,)),
        Operator(1, "SELECT_V2", (2, 1, 0), (3,)),
    )
    return Graph("branching", tensors, operators, (0,), (3,))
