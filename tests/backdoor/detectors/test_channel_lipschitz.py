"""Channels that amplify far more than their neighbours."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")

from tests.support.int8_files import audited_file

from qmcu.backdoor.detectors.channel_lipschitz import channel_lipschitz
from qmcu.backdoor.networks.keras_model import convert_network
from qmcu.backdoor.networks.network import Network
from qmcu.types import Float32Array


def test_one_loud_channel_of_a_layer_stands_out(network: Network, samples: Float32Array) -> None:
    weights = [w.copy() for w in network.weights]
    weights[0][3] *= 200
    loud = network.with_parameters(weights, network.biases)
    honest, found = (
        channel_lipschitz(audited_file(None, convert_network(one, samples).model, None))
        for one in (network, loud)
    )
    assert found.suspicious and not honest.suspicious
    assert np.argmax(list(found.details.values())) == 0
