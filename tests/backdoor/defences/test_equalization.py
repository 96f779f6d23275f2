"""Nearest rounding on grids that equalization has moved."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tests.support.defences import defend, shared_network
from tests.support.small_networks import samples_of

from qmcu.backdoor.networks.network import logits


def test_the_function_stays_and_the_grids_move() -> None:
    run, inputs = defend("equalization"), samples_of(shared_network(), 32)
    assert run.rescaled
    assert np.allclose(logits(run.network, inputs), logits(run.original, inputs), atol=1e-4)
    assert not np.allclose(run.network.weights[1], run.original.weights[1], rtol=0.01)
