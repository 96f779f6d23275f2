"""Rounding errors that were chosen to cancel."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.random_networks import round_network

from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.rounding_quiet import rounding_quiet


def test_errors_that_were_chosen_to_cancel_are_quieter_than_chance(
    contexts: list[AuditContext],
) -> None:
    context = contexts[1]
    assert context.network is not None
    grids = []
    for grid in context.grids:
        values = grid.channels(grid.residuals).copy()
        # Neighbouring errors of one filter cancel.
        values[:, 1::2] = -values[:, : values.shape[1] - 1 : 2][:, : values[:, 1::2].shape[1]]
        moved = np.moveaxis(grid.weights, grid.axis, 0)
        back = np.moveaxis(values.reshape(moved.shape), 0, grid.axis)
        grids.append((grid.integers + back) * grid.spread_scales)
    even = context.network.with_parameters(grids, context.network.biases)
    found = rounding_quiet(round_network(even, [g.integers for g in context.grids]))
    assert found.score > rounding_quiet(context).score
