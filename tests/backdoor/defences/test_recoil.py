"""Rounding against the drift, on moved grids."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.defences import defend, draw, shared_network, small_context
from tests.support.small_networks import samples_of

from qmcu.backdoor.networks.network import logits


def test_recoil_goes_against_the_drift_by_its_setting() -> None:
    """Over seeds, the mean is the float weights less a share of the rounding errors."""
    grids = small_context().grids
    shares = []
    for beyond in (0.0, 0.5):
        against = size = 0.0
        for result in draw("recoil", 10, beyond=beyond, overshoot=0.0):
            assert result.integers is not None and result.scales is not None
            layers = zip(
                grids, result.network.weights, result.integers, result.scales, strict=True
            )  # fmt: skip
            for grid, rescaled, q, s in layers:
                error = grid.nearest * grid.spread_scales - grid.weights
                error *= rescaled / grid.weights
                moved = q * s.reshape(grid.spread_scales.shape) - rescaled
                against += float(np.sum(moved * error))
                size += float(np.sum(error**2))
        shares.append(against / size)
    assert abs(shares[0]) < 0.15 and abs(shares[1] - shares[0] + 0.5) < 0.1


def test_recoil_is_audited_against_the_same_function_in_other_weights() -> None:
    run, inputs = defend("recoil"), samples_of(shared_network(), 64)
    assert run.rescaled and run.reference is run.network is not run.original
    assert not np.allclose(run.network.weights[1], run.original.weights[1], rtol=0.01)
    assert np.allclose(logits(run.network, inputs), logits(run.original, inputs), atol=1e-4)
