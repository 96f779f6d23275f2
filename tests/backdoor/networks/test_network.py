"""The float network beside the Keras model that it stands for."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.networks.network import Network, logits


def softmax(values: Any) -> Any:
    exponents = np.exp(values - values.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def test_forward_is_the_keras_model(
    mixed_network: Network, mixed_model: Any, mixed_samples: Any
) -> None:
    expected = mixed_model.predict(mixed_samples, verbose=0)
    np.testing.assert_allclose(softmax(logits(mixed_network, mixed_samples)), expected, atol=1e-5)
