"""A small Keras model with batch normalization, its network and its int8 form; a short audit."""

from typing import Any

import numpy as np
import pytest
from tests.support.short_audit import shorten_audits

from qmcu.backdoor.detectors import settling
from qmcu.backdoor.networks.network import Network, network_from_keras
from qmcu.model.convert import Conversion, convert_keras
from qmcu.tensorflow import load_tensorflow


@pytest.fixture(scope="session")
def mixed_model() -> Any:
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(3)
    layers = keras.layers
    source = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same")(source)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(layers.MaxPooling2D()(x))
    return keras.Model(source, layers.Dense(5, activation="softmax")(x))


@pytest.fixture(scope="session")
def mixed_samples() -> Any:
    return np.random.default_rng(0).random((32, 8, 8, 3)).astype(np.float32)


@pytest.fixture(scope="session")
def mixed_network(mixed_model: Any) -> Network:
    return network_from_keras(mixed_model)


@pytest.fixture(scope="session")
def mixed_conversion(mixed_model: Any, mixed_samples: Any) -> Conversion:
    return convert_keras(mixed_model, mixed_samples)


@pytest.fixture
def short_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Audits without the two detectors that search the longest."""
    shorten_audits(monkeypatch)


@pytest.fixture
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings near the line are not made again: detectors/test_settling.py has that."""
    monkeypatch.setattr(settling, "LOOKS", 1)
