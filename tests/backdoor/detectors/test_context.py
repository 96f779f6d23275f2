"""Files of an audit that do or do not belong together."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from tests.support.small_models import dense
from tests.support.stateful_models import shift_register

from qmcu.backdoor.detectors.context import load_context
from qmcu.backdoor.detectors.run import audit
from qmcu.backdoor.grids import read_grids
from qmcu.backdoor.inputs.datasets import load_dataset
from qmcu.backdoor.networks.architectures import build_architecture
from qmcu.cli.main import run
from qmcu.errors import ModelError, UsageError
from qmcu.model.graph import Operator, Quantization, Tensor
from qmcu.model.writer import write_model
from qmcu.tensorflow import load_tensorflow


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


def test_an_initialiser_of_variables_is_no_branch(tmp_path: Path) -> None:
    model = tmp_path / "register.tflite"
    model.write_bytes(write_model(shift_register(np.arange(12, dtype=np.int8).reshape(3, 4))))
    result = audit(load_context(None, model, None))
    assert result.verdict != "backdoored"
    assert "no operator branches on the input." in result.reasons


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
    page = str(tmp_path / "audit.html")
    assert run(["audit", "--int8", str(tmp_path / "if.tflite"), "--html", page]) == 1


def test_a_converters_own_views_around_a_1d_convolution(tmp_path: Path) -> None:
    tf = load_tensorflow()
    keras, inputs = tf.keras, np.random.default_rng(0).random((40, 12, 3), np.float32)
    layers = [
        keras.Input((12, 3)),
        keras.layers.Conv1D(6, 3, activation="relu"),
        keras.layers.Conv1D(6, 3, activation="relu"),
        keras.layers.GlobalAveragePooling1D(),
        keras.layers.Dense(4),
    ]
    model = keras.Sequential(layers)
    model.save(tmp_path / "m.keras")
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[None]] for x in inputs)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    (tmp_path / "m.tflite").write_bytes(converter.convert())
    np.savez(tmp_path / "x.npz", inputs=inputs)
    given = load_context(tmp_path / "m.keras", tmp_path / "m.tflite", tmp_path / "x.npz")
    assert given.network is not None and given.graph is not None
    kinds = [[op.kind for op in g.operators] for g in (given.network.graph, given.graph)]
    assert kinds[0] != kinds[1] and "EXPAND_DIMS" in kinds[1]
    grids = read_grids(given.network, given.graph)
    assert set(grids) >= {op.outputs[0] for op in given.network.graph.operators}
    # A view whose output means other values than its input is no view.
    view = next(op for op in given.graph.operators if op.kind == "EXPAND_DIMS")
    tensors = list(given.graph.tensors)
    tensors[view.outputs[0]] = replace(
        tensors[view.outputs[0]], quantization=Quantization((0.7,), (0,))
    )
    with pytest.raises(ModelError, match="not the same network"):
        read_grids(given.network, replace(given.graph, tensors=tuple(tensors)))


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_other_ends_are_taken_off(tmp_path: Path, dtype: str) -> None:
    inside = dense()
    grid = None if dtype == "float32" else Quantization((0.5,), (131,))
    end = Tensor(4, "given", inside.input_tensors[0].shape, dtype, grid)
    quantize = Operator(0, "QUANTIZE", (4,), (0,))
    operators = (quantize, replace(inside.operators[0], index=1))
    whole = replace(inside, tensors=(*inside.tensors, end), operators=operators, inputs=(4,))
    model = tmp_path / "ends.tflite"
    model.write_bytes(write_model(whole))
    context = load_context(None, model, None)
    assert context.graph is not None
    assert [op.kind for op in context.graph.operators] == ["FULLY_CONNECTED"]
    assert context.graph.input_tensors[0].dtype == "int8"
