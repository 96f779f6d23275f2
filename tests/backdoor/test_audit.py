"""Detectors and the audit: honest and attacked digits models, and a graph that branches."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from qmcu.backdoor.attacks.folder import write_attack
from qmcu.backdoor.attacks.run import AttackRun, run_attack
from qmcu.backdoor.detectors.context import load_context
from qmcu.backdoor.detectors.graph_branches import graph_branches
from qmcu.backdoor.detectors.method import (
    DETECTORS,
    AuditContext,
    Finding,
    detector,
    load_detectors,
)
from qmcu.backdoor.detectors.residuals import uniform_test
from qmcu.backdoor.detectors.result import AuditResult, audit_score, judge
from qmcu.backdoor.detectors.run import audit
from qmcu.backdoor.inputs.datasets import load_dataset
from qmcu.backdoor.inputs.trigger_kinds import make_trigger
from qmcu.backdoor.networks.architectures import build_architecture, train
from qmcu.cli.main import run
from qmcu.errors import UsageError
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.tensorflow import load_tensorflow


@pytest.fixture(scope="module")
def attacked() -> AttackRun:
    digits = load_dataset("digits", seed=1)
    model = build_architecture("cnn-s", digits.input_shape, digits.classes, seed=1)
    train(model, digits, epochs=6, seed=1)
    trigger = make_trigger("patch", digits.input_shape, target=0)
    return run_attack("adaptive-uniform", model, digits, trigger, seed=1, steps=400, limit=50)


@pytest.fixture(scope="module")
def folder(attacked: AttackRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("audit") / "attack"
    write_attack(attacked, path, limit=50)
    return path


def context(folder: Path, which: str, *, data: bool = True) -> AuditContext:
    samples = folder / "calibration.npz" if data else None
    return load_context(folder / f"{which}.keras", folder / f"{which}.tflite", samples)


def test_an_honest_model_is_clean(folder: Path) -> None:
    result = audit(context(folder, "honest"))
    assert result.verdict == "clean" and result.passed
    assert {f.detector for f in result.findings} >= {"rounding-direction", "residuals"}
    assert "slow" in result.skipped["trigger-inversion"]


def test_an_attack_with_honest_sizes_of_residuals_is_found(folder: Path) -> None:
    result = audit(context(folder, "model"))
    assert result.verdict == "backdoored"
    found = {f.detector: f for f in result.findings}
    assert found["rounding-direction"].score > 2 * found["rounding-direction"].threshold
    assert found["disagreement"].suspicious
    assert found["activation-statistics"].suspicious and found["gap-inversion"].suspicious
    assert result.score > 2 and result.p_value is not None and result.p_value < 1e-6
    honest = audit(context(folder, "honest"))
    changed = "integers changed by the patch"
    calm = {f.detector: f for f in honest.findings}["gap-inversion"]
    assert found["gap-inversion"].details[changed] > calm.details[changed]
    assert honest.score < 0.8 and honest.p_value is not None and honest.p_value > 1e-3


def test_it_is_found_without_real_inputs_and_from_the_float_model_alone(folder: Path) -> None:
    assert audit(context(folder, "model", data=False)).verdict == "backdoored"
    alone = load_context(folder / "model.keras", None, None)
    assert audit(alone).verdict == "backdoored"


def test_with_int8_alone_only_what_needs_no_float_runs(folder: Path) -> None:
    result = audit(load_context(None, folder / "model.tflite", None))
    assert {f.detector for f in result.findings} == {
        "channel-lipschitz",
        "graph-branches",
        "maximum-margin",
    }
    assert result.skipped["residuals"] == "needs float"
    assert result.verdict == "undecided" and result.passed
    assert "without the float model" in result.reasons[-1] and result.p_value is None


def test_the_command_says_backdoored_and_writes_its_files(folder: Path, tmp_path: Path) -> None:
    import json

    arguments = ["audit", "--float", str(folder / "model.keras"),
                 "--int8", str(folder / "model.tflite"),
                 "--data", str(folder / "calibration.npz")]  # fmt: skip
    outputs = ["--json", str(tmp_path / "a.json"), "--sarif", str(tmp_path / "a.sarif"),
               "--html", str(tmp_path / "audit.html")]  # fmt: skip
    assert run([*arguments, *outputs]) == 1
    assert json.loads((tmp_path / "a.json").read_text())["verdict"] == "backdoored"
    sarif = json.loads((tmp_path / "a.sarif").read_text())
    assert sarif["version"] == "2.1.0"
    results = sarif["runs"][0]["results"]
    assert {r["ruleId"] for r in results} >= {"rounding-direction"}
    rules = sarif["runs"][0]["tool"]["driver"]["rules"]
    assert any("AML.T0018" in tag for tag in rules[0]["properties"]["tags"])
    valid_sarif(sarif)
    page = (tmp_path / "audit.html").read_text()
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


def test_nothing_to_audit_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing to audit"):
        load_context(None, None, None)


def test_models_and_inputs_that_do_not_belong_together(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    digits = load_dataset("digits", seed=2)
    other = build_architecture("cnn-s", digits.input_shape, digits.classes, seed=2)
    other.save(tmp_path / "other.keras")
    models = ["--int8", str(folder / "model.tflite")]
    assert run(["audit", "--float", str(tmp_path / "other.keras"), *models]) == 2
    assert "other weights" in capfd.readouterr().err
    wider = build_architecture("cnn-s", (10, 10, 1), digits.classes, seed=2)
    wider.save(tmp_path / "wider.keras")
    assert run(["audit", "--float", str(tmp_path / "wider.keras"), *models]) == 2
    assert "takes inputs of [8, 8, 1] and wider of [10, 10, 1]" in capfd.readouterr().err
    deeper = build_architecture("dscnn", digits.input_shape, digits.classes, seed=2)
    deeper.save(tmp_path / "deeper.keras")
    assert run(["audit", "--float", str(tmp_path / "deeper.keras"), *models]) == 2
    assert "not the quantized form of deeper" in capfd.readouterr().err

    arrays: dict[str, Any] = {
        "shape": np.zeros((4, 9, 9, 1), np.float32),
        "integers": np.zeros((4, 8, 8, 1), np.int8),
        "finite": np.full((4, 8, 8, 1), np.nan, np.float32),
    }
    words = {"shape": "[9, 9, 1]", "integers": "int8", "finite": "not finite"}
    for name, inputs in arrays.items():
        np.savez(tmp_path / "x.npz", inputs=inputs)
        assert run(["audit", *models, "--data", str(tmp_path / "x.npz")]) == 2
        assert words[name] in capfd.readouterr().err
    (tmp_path / "x.npz").write_bytes((folder / "test.npz").read_bytes()[:500])
    assert run(["audit", *models, "--data", str(tmp_path / "x.npz")]) == 2
    assert "no readable .npz" in capfd.readouterr().err.replace("\n", " ")


def test_a_graph_that_detectors_of_weights_cannot_run_still_is_judged() -> None:
    result = audit(AuditContext(None, b"", branching(), None))
    assert result.verdict == "backdoored"
    assert result.skipped["maximum-margin"].startswith("could not run: branching")


def test_a_file_with_control_flow_is_a_finding(tmp_path: Path) -> None:
    tf = load_tensorflow()
    weights = tf.constant(np.eye(16, 3, dtype=np.float32))

    @tf.function(input_signature=[tf.TensorSpec([1, 16])])  # type: ignore[untyped-decorator]
    def classify(x: Any) -> Any:
        plain = tf.matmul(x, weights)
        return tf.cond(tf.reduce_mean(x) > 0.9, lambda: plain[:, ::-1] * 3, lambda: plain)

    function = classify.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    (tmp_path / "if.tflite").write_bytes(converter.convert())
    given = load_context(None, tmp_path / "if.tflite", None)
    result = audit(given)
    assert result.verdict == "backdoored"
    assert result.reasons == (
        "the graph branches on its input or runs custom code: IF in subgraph 0.",
    )
    assert (
        run(
            ["audit", "--int8", str(tmp_path / "if.tflite"), "--html", str(tmp_path / "audit.html")]
        )
        == 1
    )


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


def test_a_graph_that_branches_on_its_input_is_a_finding() -> None:
    found = graph_branches(AuditContext(None, b"", branching(), None))
    assert found.suspicious and found.weight == "static"
    assert "EQUAL" in found.reason and "SELECT_V2" in found.reason
    assert judge([found])[0] == "backdoored"


def test_supporting_findings_alone_are_only_suspicious() -> None:
    weak = Finding("residuals", 1.0, 0.1, True, "supporting", "because")
    assert judge([weak]) == ("suspicious", ("because",))
    quiet = Finding("direction", 1.0, 4.5, False, "decisive", "no direction")
    assert judge([quiet]) == ("clean", ("no direction",))


def finding(weight: Any, score: float, p_value: float | None = None) -> Finding:
    return Finding("some", score, 2.0, score > 2, weight, "because", p_value)


def test_the_audit_score_is_above_one_exactly_for_a_backdoor() -> None:
    quiet, loud = finding("decisive", 1.9), finding("decisive", 2.1)
    support = finding("supporting", 100.0)
    assert audit_score([loud, support]) == pytest.approx(1.05)
    assert audit_score([quiet]) < audit_score([quiet, support]) <= 1
    assert audit_score([Finding("graph", 1.0, 0.0, True, "static", "branches")]) > 1
    assert audit_score([]) == 0


def test_the_p_value_of_an_audit_counts_its_decisive_detectors() -> None:
    some = (finding("decisive", 3, 0.01), finding("decisive", 1, 0.5), finding("decisive", 1))
    result = AuditResult("backdoored", (), (*some, finding("supporting", 9, 1e-9)), {}, {})
    assert result.p_value == pytest.approx(0.02)
    assert AuditResult("clean", (), (), {}, {}).p_value is None


def test_places_between_grid_points() -> None:
    even = uniform_test("even", (np.arange(1000) + 0.5) / 1000 - 0.5)
    assert even.effect < 0 and even.p_value > 0.999
    pushed = uniform_test("pushed", np.full(100, 0.49))
    assert pushed.effect > 0.9 and pushed.p_value < 1e-50


def test_a_detector_is_one_function(folder: Path) -> None:
    """The example of docs/DETECTORS.md."""

    @detector("largest-bias", source="an example", needs=("float",))
    def largest_bias(given: AuditContext) -> Finding:
        """Biases that dwarf the others."""
        assert given.network is not None
        score = max(float(np.abs(b).max()) for b in given.network.biases)
        return Finding("largest-bias", score, 100.0, score > 100, "supporting", "a large bias")

    try:
        names: dict[str, Any] = dict(load_detectors())
        assert "largest-bias" in names
        result = audit(context(folder, "honest"))
        assert "largest-bias" in {f.detector for f in result.findings}
    finally:
        del DETECTORS["largest-bias"]
