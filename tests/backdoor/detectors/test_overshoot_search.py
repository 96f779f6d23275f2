"""Where the search for overshoot puts its patterns."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.int8_files import audited_file

from qmcu.backdoor.detectors import load_context, overshoot_search
from qmcu.backdoor.detectors.float_and_int8 import FloatAndInt8
from qmcu.backdoor.detectors.kept_answers import Classes
from qmcu.backdoor.detectors.overshoot_search import Search
from qmcu.backdoor.grids.overshoot import kinds_of, measure_overshoot
from qmcu.backdoor.networks import (
    build_architecture,
    convert_network,
    keras_from_network,
    logits,
)
from qmcu.backdoor.networks.network import network_from_graph, network_from_keras
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow


@pytest.mark.parametrize("architecture", ["dscnn", "resnet8"])
def test_a_head_that_keeps_the_axes_of_its_plane_is_searched(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Converters leave out the RESHAPE between a pool of the whole plane and a dense layer."""
    monkeypatch.setattr(overshoot_search, "_BUDGET", 1.0)  # one round, and few patterns are kept
    network = network_from_keras(build_architecture(architecture, (8, 8, 1), 10), "small")
    samples = np.random.default_rng(0).random((40, 8, 8, 1)).astype(np.float32)
    keras_from_network(network).save(tmp_path / "m.keras")
    (tmp_path / "m.tflite").write_bytes(convert_network(network, samples).model)
    np.savez(tmp_path / "x.npz", inputs=samples)
    context = load_context(*(tmp_path / name for name in ("m.keras", "m.tflite", "x.npz")))
    assert context.network is not None
    assert context.network.graph.output_tensors[0].shape == (1, 1, 1, 10)
    assert logits(context.network, samples).shape == (40, 10)
    answers = Classes()
    assert Search(context, answers, FloatAndInt8(context, answers)).shared()


@pytest.mark.parametrize(("classes", "groups"), [(2, 2), (4, 1)])
def test_each_of_few_classes_has_inputs_of_its_own(classes: int, groups: int) -> None:
    keras = load_tensorflow().keras
    network = network_from_keras(
        keras.Sequential([keras.Input((6,)), keras.layers.Dense(classes)]), "small"
    )
    samples = np.random.default_rng(0).random((40, 6)).astype(np.float32)
    samples[:, 0] = np.arange(40) % 2
    first = np.zeros((classes, 6), np.float32)
    first[:2, 0] = -1, 1
    network = network.with_parameters([first], [np.array([0.5, -0.5, -9, -9][:classes])])
    context = audited_file(network, convert_network(network, samples).model, samples)
    search = Search(context, Classes(), FloatAndInt8(context, Classes()))
    kinds = [set(samples[rows, 0]) for rows in search._groups]
    assert len(kinds) == groups and all(len(k) == 3 - groups for k in kinds)
    assert len(search.others) == len(samples) - 4 * groups


def test_a_layer_that_merges_a_sequence_with_the_batch_is_measured() -> None:
    """As TensorFlow's own converter writes it of a model with a free batch."""
    tf = load_tensorflow()
    steps = tf.keras.Sequential([tf.keras.Input((4, 3)), tf.keras.layers.Dense(2)])
    content = tf.lite.TFLiteConverter.from_keras_model(steps).convert()
    network = network_from_graph(parse_model(content, "sequence"))
    tensors = [op.outputs[0] for op in network.graph.operators]
    x = np.random.default_rng(0).random((5, 4, 3)).astype(np.float32)
    kinds = kinds_of(network, tensors)
    rows = np.array([0, 2, 3], np.int32)
    asked = [
        (0 * rows, rows, np.ones(3, np.float32), np.ones((3, size), np.float32),
         np.array([[-1.0, 1.0]] * 3, np.float32))
        for size in (network.graph.tensors[kind[0]].shape[-1] for kind in kinds)
    ]  # fmt: skip
    reached, _ = measure_overshoot(network, x, kinds, asked, 1)
    assert [v.shape for v in reached] == [(3, 1)] * len(kinds)
    # The largest of the values of its four steps, over the range of 1; a soft maximum is above it.
    last = np.abs(logits(network, x)[rows]).reshape(3, -1).max(axis=1)
    assert np.all(np.abs(reached[-1].numpy()[:, 0] - last) < 0.3)


def test_patches_of_a_vector_are_as_small_as_those_of_an_image() -> None:
    keras = load_tensorflow().keras
    layers = [
        keras.Input((48,)),
        keras.layers.Dense(8, activation="relu"),
        keras.layers.Dense(5),
    ]
    network = network_from_keras(keras.Sequential(layers), "small")
    samples = np.random.default_rng(0).random((40, 48)).astype(np.float32)
    context = audited_file(network, convert_network(network, samples).model, samples)
    shared = Search(context, Classes(), FloatAndInt8(context, Classes())).shared()
    patches = [f for f in shared if f.place.startswith("patch")]
    assert patches and max(float(f.mask.mean()) for f in patches) < 0.1
