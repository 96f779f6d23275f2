"""Scales widened by chance."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.defences import shared_network, small_context
from tests.support.small_networks import samples_of

from qmcu.backdoor.defences.run import run_defence
from qmcu.backdoor.grids.weight_grids import round_to_nearest


def test_range_perturbation_widens_every_scale_within_its_spread() -> None:
    run = run_defence("range-perturbation", shared_network(), samples_of(shared_network()),
                      settings={"spread": 0.2})  # fmt: skip
    for grid, layer in zip(small_context().grids, run.chosen, strict=True):
        factors = layer.scales / grid.scales
        assert (factors > 1.049).all() and (factors < 1.201).all()
        assert len(np.unique(factors)) == len(factors)
        spread = layer.scales.astype(float).reshape(grid.spread_scales.shape)
        assert np.array_equal(layer.integers, round_to_nearest(grid.weights / spread))
