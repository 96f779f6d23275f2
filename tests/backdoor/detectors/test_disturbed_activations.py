"""Where answers go when activations inside are disturbed: by the int8 file alone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from tests.support.int8_files import CLASSES, audited_file

from qmcu.backdoor.attacks import AttackRun
from qmcu.backdoor.detectors import disturbed_activations as module
from qmcu.backdoor.detectors.disturbed_activations import (
    POOLS,
    WAYS,
    disturbances,
    disturbed_activations,
    evidence_inside,
)
from qmcu.backdoor.networks import convert_network, network_from_keras
from qmcu.errors import ModelError
from qmcu.tensorflow import load_tensorflow

TARGET = 0  # of the attack that quantization wakes


def test_what_quantization_wakes_goes_to_one_class_from_inside(attacked: AttackRun) -> None:
    files = attacked.honest_integer, attacked.attacked_integer
    plain, woken = (disturbed_activations(audited_file(None, f, None)) for f in files)
    assert woken.details["target"] == TARGET and woken.score > plain.score
    assert not plain.suspicious and woken.weight == "supporting"
    # The same seed gives the same.
    assert disturbed_activations(audited_file(None, files[1], None)) == woken


def test_each_disturbance_does_what_it_says() -> None:
    rng = np.random.default_rng(1)
    values = rng.uniform(0.5, 1.5, (400, 3, 8)).astype(np.float32)
    found = dict(disturbances(values, (0.0, 2.0), rng))
    assert set(found) == set(WAYS)
    assert all(v.shape == values.shape and v.dtype == np.float32 for v in found.values())
    # A channel is that of another input as a whole, another one's for each channel.
    for k in range(8):
        rows = {tuple(row) for row in values[:, :, k]}
        assert {tuple(row) for row in found["crossed"][:, :, k]} < rows
    assert not any((found["crossed"][n] == values[n]).all() for n in range(400))
    assert found["noise"].min() < 0.1 and found["noise"].max() > 1.9
    zero = found["dropped"] == 0
    assert (zero.all(axis=1) == zero.any(axis=1)).all() and 0.4 < zero.mean() < 0.6
    assert (found["dropped"][~zero] == values[~zero]).all()
    assert np.allclose(found["doubled"], 2 * values)
    ended = found["at the end"] == 2
    assert 0.05 < ended.mean() < 0.15 and (found["at the end"][~ended] == values[~ended]).all()
    # Without a range the values' own ends count.
    plain = dict(disturbances(values, None, rng))["noise"]
    assert plain.min() >= values.min() and plain.max() <= values.max()


def test_every_layer_but_the_last_counts_in_every_way(
    files: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = audited_file(None, files[0], None)
    found = evidence_inside(context.alone)
    layers = len(found.each) // (len(WAYS) * len(POOLS))
    assert len(found.kinds) == len(WAYS) * len(POOLS) and layers >= 1
    assert len(found.each) == layers * len(found.kinds)
    assert found.classes == pytest.approx(np.mean(list(found.kinds.values()), axis=0))
    # A class that takes whatever is put inside leads as far as there can be.
    likes = 30.0 * np.eye(CLASSES)[2] + np.arange(CLASSES)

    def same(_: object, inputs: Any, *rest: object) -> Any:
        return np.tile(likes, (len(inputs), 1))

    monkeypatch.setattr(module._Layers, "_scores", same)
    all_two = evidence_inside(replace(context, _shared={}).alone)
    assert all_two.target == 2 and all_two.classes[2] > 2


def test_a_network_of_one_layer_has_nothing_inside() -> None:
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(2)
    last = keras.layers.Dense(5, kernel_initializer=keras.initializers.RandomNormal(stddev=5.0))
    network = network_from_keras(keras.Sequential([keras.Input((12,)), last]))
    inputs = np.random.default_rng(1).normal(size=(60, 12)).astype(np.float32)
    context = audited_file(None, convert_network(network, inputs).model, None)
    with pytest.raises(ModelError, match="no layer before its last one"):
        disturbed_activations(context)


def test_a_file_that_takes_too_long_is_refused_and_inputs_are_made_once(
    files: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = audited_file(None, files[0], None)
    first = disturbed_activations(context)
    made = context.once("inputs made from the file", lambda: pytest.fail("made again"))
    assert len(made) == 3 and first.detector == "disturbed-activations"
    monkeypatch.setattr(module, "_MOST_WORK", 1e4)
    with pytest.raises(ModelError, match="times as long as is allowed"):
        disturbed_activations(replace(context, _shared={}))
