"""A small model and its calibration files."""

from pathlib import Path

import numpy as np
import pytest
from tests.support.small_networks import samples_of, small_network

from qmcu.arrays import npz_bytes
from qmcu.backdoor.networks.keras_model import keras_from_network


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """model.keras, x.npz with labels, plain.npz without."""
    path = tmp_path_factory.mktemp("defend")
    network = small_network()
    keras_from_network(network).save(path / "model.keras")
    inputs = samples_of(network, 20)
    labels = np.arange(20) % 10
    (path / "x.npz").write_bytes(npz_bytes({"inputs": inputs, "labels": labels}))
    (path / "plain.npz").write_bytes(npz_bytes({"inputs": inputs}))
    return path
