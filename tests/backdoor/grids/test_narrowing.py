"""Which ranges become narrow again: where width costs answers, and clipping is no switch."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tests.support.pooled_networks import first_tensor, pooled_inputs, pooled_network

from qmcu.backdoor.grids.narrowing import find_limits
from qmcu.backdoor.grids.overshoot import clean_ends
from qmcu.backdoor.grids.reach import find_kept_overshoot
from qmcu.backdoor.networks import Network
from qmcu.types import Float32Array


def limits(network: Network, overshooting: Float32Array) -> dict[int, tuple[float, float]]:
    given = pooled_inputs()
    # Ranges are wide, whatever is looked at.
    found = find_kept_overshoot(network, given, 0.0, 1.0, np.random.default_rng(0))
    inputs = np.concatenate([given, found])
    assert clean_ends(network, inputs)[first_tensor(network)][1] > 20
    return find_limits(network, given, inputs, overshooting, np.random.default_rng(0))


def found(network: Network) -> Float32Array:
    return find_kept_overshoot(network, pooled_inputs(), 0.0, 1.0, np.random.default_rng(0))


def test_what_costs_and_saves_nothing_becomes_as_narrow_as_the_inputs() -> None:
    network = pooled_network(switch=False)
    first = first_tensor(network)
    assert limits(network, found(network)) == {first: clean_ends(network, pooled_inputs())[first]}


def test_a_switch_stays_wide() -> None:
    network = pooled_network(switch=True)
    assert limits(network, found(network)) == {}


def test_patterns_find_a_switch_that_the_overshooting_inputs_do_not_show() -> None:
    network = pooled_network(switch=True)
    assert limits(network, pooled_inputs()) == {}


def test_what_costs_nothing_stays_wide() -> None:
    network = pooled_network(switch=False)
    sure = network.with_parameters(
        [network.weights[0], 50 * network.weights[1]], [network.biases[0], network.biases[1]]
    )
    few = pooled_inputs()[:2]
    assert find_limits(sure, few, few, few, np.random.default_rng(0)) == {}
