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


def test_a_bias_and_a_weight_that_no_rounding_made(network: Network, integer: bytes) -> None:
    found = rounding_choice(audited_file(network, shift_bias(integer, 3), None))
    assert found.suspicious and found.details["biases"] == pytest.approx(1 / (8 + CLASSES))
    graph = parse_model(integer, "small")
    index = weighted_layers(graph)[1].weights
    values = graph.tensors[index].array.copy()
    values[0, :9] = np.where(values[0, :9] > 0, values[0, :9] - 2, values[0, :9] + 2)
    far = rounding_choice(audited_file(network, write_constants(integer, {index: values}), None))
    assert far.suspicious and far.details["more than a step"] > 0
