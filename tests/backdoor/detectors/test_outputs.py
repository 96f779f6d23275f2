"""Each output of a model is audited, and the worst one counts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from qmcu.backdoor.detectors import AuditResult, Finding, audit_files, load_audit
from qmcu.backdoor.detectors.outputs import _joined, _worst
from qmcu.cli.main import run
from qmcu.errors import UsageError
from qmcu.model.unpack import pack_model, unpack_model
from qmcu.tensorflow import load_tensorflow

pytestmark = pytest.mark.usefixtures("one_look", "short_audit")
tf = load_tensorflow()
INPUTS = np.random.default_rng(8).random((64, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two heads of different sizes on one layer, as a Keras file, an int8 file and inputs."""
    folder = tmp_path_factory.mktemp("outputs")
    tf.keras.utils.set_random_seed(3)
    layers = tf.keras.layers
    given = tf.keras.Input((6,))
    x = layers.Dense(16, activation="relu")(given)
    heads = [
        layers.Dense(4, "softmax", bias_initializer="ones", name="kind")(x),
        layers.Dense(1, bias_initializer="ones", name="size")(x),
    ]
    model = tf.keras.Model(given, heads)
    model.save(folder / "m.keras")
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[None]] for x in INPUTS)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    (folder / "m.tflite").write_bytes(converter.convert())
    np.savez(folder / "x.npz", inputs=INPUTS)
    return folder


def _files(folder: Path) -> tuple[Path, Path, Path]:
    return folder / "m.keras", folder / "m.tflite", folder / "x.npz"


def test_every_output_is_audited(pair: Path, tmp_path: Path) -> None:
    arguments = ["--float", str(pair / "m.keras"), "--int8", str(pair / "m.tflite")]
    written = tmp_path / "a.json"
    assert run(["audit", *arguments, "--data", str(pair / "x.npz"), "--json", str(written)]) == 0
    result = load_audit(written)
    assert len(result.outputs) == 2 and set(result.outputs.values()) == {"clean"}
    assert "2 outputs were audited" in result.reasons[0]
    assert "2 times their chance" in result.reasons[0]


def test_a_head_that_was_edited_is_found_in_its_output_alone(pair: Path, tmp_path: Path) -> None:
    """Whichever place the converter gave it."""

    model = unpack_model((pair / "m.tflite").read_bytes(), "m")
    graph = model.subgraphs[0]
    (head,) = [
        op for op in graph.operators
        if op.inputs is not None and len(op.inputs) > 2
        and int(graph.tensors[op.inputs[1]].shape[0]) == 1
    ]  # fmt: skip
    bias = model.buffers[graph.tensors[head.inputs[2]].buffer]
    values = np.frombuffer(bytes(bias.data), np.int32) + 20_000
    bias.data = np.frombuffer(values.astype(np.int32).tobytes(), np.uint8)
    edited = tmp_path / "edited.tflite"
    edited.write_bytes(pack_model(model))
    whole, _ = audit_files(pair / "m.keras", edited, pair / "x.npz")
    assert not whole.passed
    bad = [name for name, verdict in whole.outputs.items() if verdict in ("damaged", "backdoored")]
    assert len(bad) == 1 and bad[0] in whole.reasons[0]
    (good,) = set(whole.outputs) - set(bad)
    alone, context = audit_files(pair / "m.keras", edited, pair / "x.npz", output=good)
    assert alone.passed and dict(alone.outputs) == {good: "clean"}
    assert context.graph is not None and context.graph.output_tensors[0].elements == 4
    assert not audit_files(pair / "m.keras", edited, pair / "x.npz", output=bad[0])[0].passed


def test_an_output_that_is_not_there(pair: Path) -> None:
    with pytest.raises(UsageError, match="there is no output 7; the model has"):
        audit_files(*_files(pair), output="7")


def _result(verdict: Any, p_value: float | None) -> AuditResult:
    found = Finding("disagreement", 1.0, 2.0, False, "decisive", "why", p_value)
    return AuditResult(verdict, ("why",), (found,), {}, {})


def test_the_worst_counts_and_chance_has_more_tries() -> None:
    results = {"a": _result("undecided", 0.2), "b": _result("damaged", 0.01)}
    worst = _worst(results)
    joined = _joined(results, worst)
    assert (worst, joined.verdict, joined.p_value) == ("b", "damaged", 0.02)
    assert dict(joined.outputs) == {"a": "undecided", "b": "damaged"}


def test_outputs_of_one_name_are_audited_both(pair: Path, tmp_path: Path) -> None:
    """The second would hide the first."""
    model = unpack_model((pair / "m.tflite").read_bytes(), "m")
    graph = model.subgraphs[0]
    for tensor in graph.outputs:
        graph.tensors[tensor].name = b"scores"
    model.signatureDefs = []
    alike = tmp_path / "alike.tflite"
    alike.write_bytes(pack_model(model))
    result, _ = audit_files(None, alike, None)
    assert list(result.outputs) == ["scores[0]", "scores[1]"]
