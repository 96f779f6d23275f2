"""Audits of files that have integers for weights alone (dynamic range)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from qmcu.backdoor.attacks.run import AttackRun
from qmcu.backdoor.detectors import audit, audit_files, load_context
from qmcu.backdoor.networks import logits
from qmcu.backdoor.rates import predict_integer
from qmcu.errors import ModelError
from qmcu.model.reader import parse_model
from qmcu.model.real_form import has_real_activations
from qmcu.model.unpack import pack_model, unpack_model
from qmcu.tensorflow import load_tensorflow

pytestmark = pytest.mark.usefixtures("one_look")
Files = tuple[Path, Path, Path]


def _write(model: Any, folder: Path, samples: Any) -> Files:
    tf = load_tensorflow()
    folder.mkdir()
    files = folder / "m.keras", folder / "m.tflite", folder / "x.npz"
    model.save(files[0])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    files[1].write_bytes(converter.convert())
    np.savez(files[2], inputs=samples)
    return files


@pytest.fixture(scope="module")
def pairs(attacked: AttackRun, tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, Files]:
    """An honest pair and an attacked one, whose weights any converter rounds alike."""
    folder = tmp_path_factory.mktemp("dynamic")
    samples = attacked.dataset.test_inputs[:200]
    return (
        _write(attacked.honest, folder / "honest", samples),
        _write(attacked.attacked, folder / "attacked", samples),
    )


def test_an_honest_file(pairs: tuple[Files, Files]) -> None:
    graph = parse_model(pairs[0][1].read_bytes(), "m")
    assert has_real_activations(graph)
    assert any(t.is_constant and t.dtype == "float32" and t.elements > 100 for t in graph.tensors)
    result, context = audit_files(*pairs[0])
    assert result.verdict == "clean", result.reasons
    assert "dynamic range" in result.reasons[-1]
    assert {"damage", "gap-inversion", "residuals"} <= {f.detector for f in result.findings}
    assert "activations that are integers" in result.skipped["clipping-inversion"]
    assert context.integer is not None
    inputs = context.samples[:5] if context.samples is not None else None
    assert inputs is not None
    assert not has_real_activations(parse_model(context.quantize_anew(inputs), "anew"))
    alone, _ = audit_files(None, pairs[0][1], pairs[0][2])
    assert alone.verdict == "undecided"


def test_what_rounding_of_weights_alone_wakes(
    pairs: tuple[Files, Files], attacked: AttackRun
) -> None:
    context = load_context(*pairs[1])
    data, trigger = attacked.dataset, attacked.trigger
    marked = trigger.apply(data.test_inputs[data.test_labels != trigger.target][:200])
    assert context.network is not None and context.integer is not None
    plain = np.mean(logits(context.network, marked).argmax(axis=1) == trigger.target)
    own = np.mean(predict_integer(context.integer, marked, jobs=1) == trigger.target)
    assert plain < 0.4 < 0.8 < own
    assert audit(context).verdict == "backdoored"


def test_what_the_file_keeps_in_float_has_to_be_the_models(
    pairs: tuple[Files, Files], tmp_path: Path
) -> None:
    model = unpack_model(pairs[0][1].read_bytes(), "m")
    graph = model.subgraphs[0]
    kept = next(
        tensor
        for tensor in graph.tensors
        if tensor.type == 0
        and model.buffers[tensor.buffer].data is not None
        and len(model.buffers[tensor.buffer].data) > 400
    )
    buffer = model.buffers[kept.buffer]
    values = np.frombuffer(bytes(buffer.data), np.float32).copy()
    values[3] += np.abs(values).max()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    edited = tmp_path / "edited.tflite"
    edited.write_bytes(pack_model(model))
    with pytest.raises(ModelError, match="other float32 constants than the float model"):
        load_context(pairs[0][0], edited, pairs[0][2])
