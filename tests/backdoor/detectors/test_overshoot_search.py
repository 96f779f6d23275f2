"""Where the search for overshoot puts its patterns."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.int8_files import audited_file

from qmcu.backdoor.detectors.overshoot_search import Search
from qmcu.backdoor.networks import convert_network
from qmcu.backdoor.networks.network import network_from_keras
from qmcu.tensorflow import load_tensorflow


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
    patches = [f for f in Search(context).shared() if f.place.startswith("patch")]
    assert patches and max(float(f.mask.mean()) for f in patches) < 0.1
