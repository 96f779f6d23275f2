"""How well answers are kept."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tests.support.small_networks import samples_of, small_network

from qmcu.backdoor.grids.keeping import Keeping
from qmcu.backdoor.networks.network import Network, logits, network_from_keras
from qmcu.tensorflow import load_tensorflow


def of_values(outputs: int) -> Network:
    """A regression of so many numbers."""
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(2)
    source = keras.Input((4, 4, 1))
    made: Any = keras.layers.Dense(outputs)(keras.layers.Flatten()(source))
    return network_from_keras(keras.Model(source, made), "values")


def test_classes_are_kept_by_their_margin() -> None:
    network = small_network()
    given = logits(network, samples_of(network))
    keeping = Keeping(network, samples_of(network))
    assert len(keeping.each(given, given)) == 1
    own = keeping.each(given, given)[0]
    assert np.median(own) == pytest.approx(1) and (own > 0).all()
    # Another class first: the answer is lost, however near the numbers are.
    other = given.copy()
    rows, best = np.arange(len(given)), given.argmax(axis=1)
    other[rows, (best + 1) % given.shape[1]] = other[rows, best] + 1e-3
    assert (keeping.best(given, other).numpy() < 0).all()


def test_scores_without_a_softmax_are_kept_as_classes_or_as_values() -> None:
    network = of_values(3)
    given = logits(network, samples_of(network))
    keeping = Keeping(network, samples_of(network))
    other = given + np.array([[0, 0.01, 0]], np.float32)
    as_classes, as_values = keeping.each(given, other)
    assert (as_values > 0.9).all()
    assert np.array_equal(keeping.best(given, other).numpy(), np.maximum(as_classes, as_values))
    far = given + 10 * given.std() * np.array([[1, -1, 1]], np.float32)
    assert (keeping.each(given, far)[1] < 0).all()


def test_a_map_has_values_alone() -> None:
    keras = load_tensorflow().keras
    source = keras.Input((4, 4, 1))
    made = keras.layers.Conv2D(2, 1)(source)
    network = network_from_keras(keras.Model(source, made), "map")
    given = logits(network, samples_of(network))
    scores = Keeping(network, samples_of(network)).each(given, given + 10 * given.std())
    assert len(scores) == 1 and (scores[0] < 0).all()
