"""Rounding to nearest after triangular noise."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tests.support.defences import draw, flat_integers, small_context


def test_noise_of_no_width_is_nearest_and_of_a_step_is_within_one() -> None:
    grids = small_context().grids
    positions = np.concatenate([g.positions.ravel() for g in grids])
    nearest = np.concatenate([g.nearest.ravel() for g in grids])
    (still,) = draw("dithered", 1, width=0.0)
    np.testing.assert_array_equal(flat_integers(still), nearest)
    (noisy,) = draw("dithered", 1, width=1.0)
    assert np.any(flat_integers(noisy) != nearest)
    assert np.abs(flat_integers(noisy) - positions).max() <= 1.5
