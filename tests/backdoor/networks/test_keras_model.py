"""A Keras model rebuilt of a network."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.grids.weight_grids import layer_grids
from qmcu.backdoor.networks.keras_model import keras_from_network
from qmcu.backdoor.networks.network import Network
from qmcu.model.convert import Conversion, convert_keras


def test_the_rebuilt_keras_model_answers_and_quantizes_the_same(
    mixed_network: Network, mixed_model: Any, mixed_samples: Any, mixed_conversion: Conversion
) -> None:
    rebuilt = keras_from_network(mixed_network)
    np.testing.assert_allclose(
        rebuilt.predict(mixed_samples, verbose=0),
        mixed_model.predict(mixed_samples, verbose=0),
        atol=1e-5,
    )
    again = convert_keras(rebuilt, mixed_samples).graph
    for own, other in zip(
        layer_grids(mixed_network, again),
        layer_grids(mixed_network, mixed_conversion.graph),
        strict=True,
    ):
        np.testing.assert_array_equal(own.integers, other.integers)
