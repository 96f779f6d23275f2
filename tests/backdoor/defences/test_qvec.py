"""Weights flipped by their residual."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.defences import defend, small_context


def test_qvec_flips_the_weights_whose_residual_is_over_a_quarter_step() -> None:
    grids = small_context().grids
    run = defend("qvec")
    for grid, integers in zip(grids, run.integers, strict=True):
        residuals = grid.positions - grid.nearest
        free = np.abs(np.abs(residuals) - 0.25) > 0.01
        flipped = integers != grid.nearest
        assert np.array_equal(flipped[free], (np.abs(residuals) > 0.25)[free])
