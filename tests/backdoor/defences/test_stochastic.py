"""Rounding by chance."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.defences import draw, flat_integers, small_context


def test_stochastic_rounding_is_right_on_average() -> None:
    positions = np.concatenate([g.positions.ravel() for g in small_context().grids])
    runs = np.array([flat_integers(result) for result in draw("stochastic", 40)])
    assert set(np.unique(runs - np.floor(positions + 1e-9))) <= {0.0, 1.0, -1.0}
    error = (runs.mean(axis=0) - positions).mean()
    assert abs(error) < 4 * 0.5 / np.sqrt(runs.size)
    assert np.abs(runs.mean(axis=0) - positions).mean() < 0.1
