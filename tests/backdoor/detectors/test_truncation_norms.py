"""Neurons whose rounding errors are larger than chance makes them."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")

from tests.support.random_networks import round_network

from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.truncation_norms import truncation_norms


def test_a_layer_at_its_rounding_boundaries_stands_out(contexts: list[AuditContext]) -> None:
    context = contexts[0]
    assert context.network is not None and not truncation_norms(context).suspicious
    weights = []
    for number, grid in enumerate(context.grids):
        far = np.where(grid.residuals < 0, -0.45, 0.45)
        free = np.abs(grid.integers) < 127
        moved = (grid.integers + np.where(free, far, grid.residuals)) * grid.spread_scales
        weights.append(moved if number == 1 else grid.weights)
    pushed = context.network.with_parameters(weights, context.network.biases)
    finding = truncation_norms(round_network(pushed, [g.integers for g in context.grids]))
    assert finding.suspicious and context.grids[1].name in finding.reason
