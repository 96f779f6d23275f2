"""Both models trained at once on the weight grid."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from tests.support.attacks import residuals_of

from qmcu.backdoor.attacks.method import AttackContext, find_attack


def test_training_lowers_the_loss_and_stays_inside_the_rounding_intervals(
    context: AttackContext,
) -> None:
    result = find_attack("lattice").run(context)
    assert len(result.losses) == context.steps
    assert np.mean(result.losses[-5:]) < np.mean(result.losses[:5])
    for steps in residuals_of(context, result.network):
        assert np.abs(steps).max() < 0.5
