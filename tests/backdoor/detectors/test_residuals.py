"""The places of weights between grid points."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.detectors.residuals import uniform_test


def test_places_between_grid_points() -> None:
    even = uniform_test("even", (np.arange(1000) + 0.5) / 1000 - 0.5)
    assert even.effect < 0 and even.p_value > 0.999
    pushed = uniform_test("pushed", np.full(100, 0.49))
    assert pushed.effect > 0.9 and pushed.p_value < 1e-50
