"""Files as people have them: free batches, float32 or uint8 ends, int16 and int4 parts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from qmcu.backdoor.detectors import audit, load_context
from qmcu.backdoor.networks import network_from_graph, plain_graph
from qmcu.model.int4_file import int4_weights
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow

pytestmark = pytest.mark.usefixtures("one_look")
tf = load_tensorflow()

INPUTS = np.random.default_rng(3).random((48, 6, 6, 1)).astype(np.float32)


def _model(outputs: int, activation: str | None) -> Any:
    tf.keras.utils.set_random_seed(4)
    layers = tf.keras.layers
    x = given = tf.keras.Input((6, 6, 1))
    x = layers.Conv2D(8, 3, activation="relu", bias_initializer="random_normal")(x)
    x = layers.Dense(outputs, activation=activation)(layers.Flatten()(x))
    return tf.keras.Model(given, x)


def _convert(model: Any, ends: Any, wide: bool = False) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    kinds = tf.lite.OpsSet
    converter.target_spec.supported_ops = [
        kinds.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        if wide
        else kinds.TFLITE_BUILTINS_INT8
    ]
    converter.representative_dataset = lambda: ([x[None]] for x in INPUTS)
    converter.inference_input_type = converter.inference_output_type = ends
    return bytes(converter.convert())


def _audit(folder: Path, model: Any, integer: bytes, seed: int = 0) -> Any:
    (folder / "m.tflite").write_bytes(integer)
    model.save(folder / "m.keras")
    np.savez(folder / "x.npz", inputs=INPUTS)
    return audit(load_context(folder / "m.keras", folder / "m.tflite", folder / "x.npz", seed=seed))


def test_shapes_and_ends_are_left_out() -> None:
    graph = parse_model(_convert(_model(5, "softmax"), tf.float32), "free")
    kinds = [op.kind for op in plain_graph(graph).operators]
    assert kinds == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
    assert len(graph.operators) > len(kinds)
    plain = plain_graph(graph)
    assert {t.dtype for t in (*plain.input_tensors, *plain.output_tensors)} == {"int8"}
    assert plain_graph(plain) is plain
    assert len(network_from_graph(graph).layers) == 2


@pytest.mark.parametrize("form", ["float32", "uint8", "int16", "int4"])
def test_an_honest_file_of_each_form_is_no_backdoor(form: str, tmp_path: Path) -> None:
    model = _model(5, "softmax")
    if form == "int4":
        integer = int4_weights(_convert(model, tf.int8)).model
    else:
        integer = _convert(model, tf.dtypes.as_dtype(form), wide=form == "int16")
    assert _audit(tmp_path, model, integer).verdict in ("clean", "suspicious")


@pytest.mark.parametrize(("outputs", "activation"), [(1, "sigmoid"), (1, None), (36, "tanh")])
def test_one_output_and_values(outputs: int, activation: str | None, tmp_path: Path) -> None:
    model = _model(outputs, activation)
    result = _audit(tmp_path, model, _convert(model, tf.int8))
    assert result.passed
    if outputs == 1 and activation is None:
        assert "values" in " ".join(result.reasons) and "class" not in " ".join(result.reasons)
        assert "outputs that are scores" in result.skipped["leading-class"]
        assert "clipping-inversion" in {f.detector for f in result.findings}
