"""How each class's mean logit changes with every weight."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tests.support.small_networks import samples_of, small_network

from qmcu.backdoor.networks.network import logits
from qmcu.backdoor.networks.slopes import logit_slopes


def test_slopes_are_those_of_a_small_step() -> None:
    network = small_network()
    inputs = samples_of(network, 8)
    slopes = list(logit_slopes(network, inputs))
    assert len(slopes) == logits(network, inputs).shape[1]
    weights = [w.copy() for w in network.weights]
    place, step = (0, *[0] * (weights[-1].ndim - 1)), np.float32(0.01)
    weights[-1][place] += step
    moved = logits(network.with_parameters(weights, network.biases), inputs)
    change = (moved - logits(network, inputs)).mean(axis=0) / step
    assert slopes[0][-1][place] == pytest.approx(change[0], rel=0.02, abs=1e-3)
