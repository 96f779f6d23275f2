"""Rounding directions as variables."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from qmcu.backdoor.grids.soft_rounding import SoftRounding


def test_at_the_start_the_soft_weights_are_the_float_ones_and_ends_stay() -> None:
    positions = [np.array([0.3, -1.6, 126.9, -127.0])]
    soft = SoftRounding(positions, [np.array([0.5])])
    steps = soft.steps(soft.directions())[0].numpy()
    np.testing.assert_allclose(steps, [0.3, -1.6, 127, -127], atol=1e-3)
    np.testing.assert_allclose(soft.weights(soft.directions())[0], 0.5 * steps)
    assert soft.integers()[0].tolist() == [0, -2, 127, -127]
    assert soft.integers()[0].dtype == np.int8


def test_decided_directions_cost_nothing() -> None:
    soft = SoftRounding([np.array([0.5, 1.5])], [np.array([1.0])])
    assert float(soft.undecided([np.array([0.0, 1.0], np.float32)])) == 0
    assert float(soft.undecided([np.array([0.5, 0.5], np.float32)])) == 1
