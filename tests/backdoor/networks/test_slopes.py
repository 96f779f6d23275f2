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


def test_slopes_of_a_sum_are_the_sum_of_slopes() -> None:
    network = small_network()
    inputs = samples_of(network, 8)
    single = list(logit_slopes(network, inputs))
    signs = np.resize([1.0, -1.0, 2.0], (1, len(single))).astype(np.float32)
    (found,) = logit_slopes(network, inputs, signs)
    for number, slopes in enumerate(found):
        wanted = sum(s * one[number] for s, one in zip(signs[0], single, strict=True))
        assert slopes == pytest.approx(wanted, rel=1e-3, abs=1e-5)
