"""Integers and biases that no rounding made."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.int8_files import CLASSES, audited_file, shift_bias

from qmcu.backdoor.detectors.rounding_choice import rounding_choice
from qmcu.backdoor.grids.constants import write_constants
from qmcu.backdoor.networks.network import Network, weighted_layers
from qmcu.model.reader import parse_model


def test_an_honest_converter_rounds_weights_and_biases_to_nearest(
    network: Network, integer: bytes
) -> None:
    assert not rounding_choice(audited_file(network, integer, None)).suspicious


@pytest.mark.parametrize(("short", "told"), [(1e-6, False), (0.01, True)])
def test_weights_on_a_boundary_may_go_either_way(
    network: Network, integer: bytes, short: float, told: bool
) -> None:
    context = audited_file(network, integer, None)
    weights = [w.copy() for w in network.weights]
    grid = context.grids[-1]
    # As of bfloat16 weights: some lie half a step from the integer above, or hardly more.
    moved = (np.abs(grid.integers) < 100) & (np.arange(grid.integers.size) % 7 == 0).reshape(
        grid.integers.shape
    )
    beside = (grid.integers - 0.5 - short) * grid.spread_scales
    weights[-1] = np.where(moved, beside, weights[-1]).astype(np.float32)
    tied = network.with_parameters(weights, network.biases)
    assert rounding_choice(audited_file(tied, integer, None)).suspicious is told


def test_a_bias_and_a_weight_that_no_rounding_made(network: Network, integer: bytes) -> None:
    found = rounding_choice(audited_file(network, shift_bias(integer, 3), None))
    assert found.suspicious and found.details["biases"] == pytest.approx(1 / (8 + CLASSES))
    graph = parse_model(integer, "small")
    index = weighted_layers(graph)[1].weights
    values = graph.tensors[index].array.copy()
    values[0, :9] = np.where(values[0, :9] > 0, values[0, :9] - 2, values[0, :9] + 2)
    far = rounding_choice(audited_file(network, write_constants(integer, {index: values}), None))
    assert far.suspicious and far.details["more than a step"] > 0
