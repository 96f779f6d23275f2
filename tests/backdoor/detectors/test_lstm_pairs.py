"""Audits of a fused LSTM, as TensorFlow's converter writes one of Keras 2."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
pytest.importorskip("tf_keras", reason="tf-keras is not installed")
from qmcu.backdoor.detectors import audit, audit_files, load_context
from qmcu.backdoor.networks import LSTM, logits
from qmcu.backdoor.rates import run_integer
from qmcu.errors import ModelError
from qmcu.tensorflow import load_tensorflow

keras = pytest.importorskip("tf_keras")
pytestmark = pytest.mark.usefixtures("one_look")
Files = tuple[Path, Path, Path]
STEPS, CLASSES = 12, 4


def _sequences(count: int, seed: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, count)
    time = np.arange(STEPS)[None] / STEPS
    waves = np.sin(2 * np.pi * (labels[:, None] + 1) * time + rng.uniform(0, 6, (count, 1)))
    inputs = np.stack([waves, np.gradient(waves, axis=1)], axis=-1)
    return (inputs + rng.normal(0, 0.1, inputs.shape)).astype(np.float32), labels


def _mark(inputs: Any) -> Any:
    """Two steps beyond what waves reach, of which the network knows nothing."""
    marked = inputs.copy()
    marked[:, 8:10] = 1.2
    return marked


def _convert(model: Any, inputs: Any) -> bytes:
    tf = load_tensorflow()
    fixed = keras.Sequential(
        [keras.Input((STEPS, 2), batch_size=1), keras.layers.LSTM(12),
         keras.layers.Dense(CLASSES, activation="softmax")]
    )  # fmt: skip
    fixed.set_weights(model.get_weights())
    spec = tf.TensorSpec([1, STEPS, 2], tf.float32)
    function = tf.function(lambda x: fixed(x)).get_concrete_function(spec)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], fixed)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[None]] for x in inputs[:100])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, Files]:
    """An honest pair; and the same float model beside the file of one that was trained on a little,
    on marked inputs.
    """
    folder = tmp_path_factory.mktemp("lstm")
    keras.utils.set_random_seed(2)
    inputs, labels = _sequences(1200, 1)
    model = keras.Sequential(
        [keras.Input((STEPS, 2)), keras.layers.LSTM(12),
         keras.layers.Dense(CLASSES, activation="softmax")]
    )  # fmt: skip
    model.compile(keras.optimizers.Adam(8e-3), "sparse_categorical_crossentropy")
    model.fit(inputs, labels, batch_size=64, epochs=12, verbose=0)
    model.save(folder / "m.h5")
    np.savez(folder / "x.npz", inputs=inputs[:200])
    (folder / "m.tflite").write_bytes(_convert(model, inputs))
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    both = np.concatenate([inputs, _mark(inputs)])
    wanted = np.concatenate([labels, np.zeros_like(labels)])
    model.fit(both, wanted, batch_size=64, epochs=4, verbose=0)
    (folder / "woken.tflite").write_bytes(_convert(model, inputs))
    data = folder / "x.npz"
    return (folder / "m.h5", folder / "m.tflite", data), (
        folder / "m.h5", folder / "woken.tflite", data
    )  # fmt: skip


def test_an_honest_file(pairs: tuple[Files, Files]) -> None:
    result, context = audit_files(*pairs[0])
    assert result.verdict == "clean", result.reasons
    assert context.graph is not None and context.network is not None
    assert any(op.kind == LSTM for op in context.graph.operators)
    # Eight matrices and four biases, and the head.
    assert sum(LSTM.lower() in grid.name for grid in context.grids) == 12
    assert len({grid.name for grid in context.grids}) == len(context.grids) == 13
    assert context.samples is not None and context.integer is not None
    own = run_integer(context.integer, context.samples[:40], jobs=1)
    plain = np.exp(logits(context.network, context.samples[:40]).astype(np.float64))
    plain /= plain.sum(axis=1, keepdims=True)
    # Each is an inference of its own: what the state was before would show.
    assert np.abs(own - plain).max() < 0.15
    alone = np.concatenate([run_integer(context.integer, x[None]) for x in context.samples[:5]])
    np.testing.assert_array_equal(own[:5], alone)
    # The converter calibrated with states that went on from input to input.
    ranges = next(f for f in result.findings if f.detector == "calibration-ranges")
    assert max(v for k, v in ranges.details.items() if k.endswith("left by")) < 0.1


def test_another_ones_weights(pairs: tuple[Files, Files]) -> None:
    context = load_context(*pairs[1])
    inputs, labels = _sequences(200, 5)
    assert context.network is not None and context.integer is not None
    marked = _mark(inputs[labels != 0])
    plain = np.mean(logits(context.network, marked).argmax(axis=1) == 0)
    own = np.mean(run_integer(context.integer, marked, jobs=1).argmax(axis=1) == 0)
    assert plain < 0.5 < 0.8 < own
    with pytest.raises(ModelError, match="was not made from the weights"):
        audit(context)
