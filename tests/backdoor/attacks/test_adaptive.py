"""Attacks that know the detectors keep to what they promise."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from tests.support.attacks import residuals_of

from qmcu.backdoor.attacks.method import AttackContext, find_attack


def test_the_margin_attack_keeps_a_quarter_step(context: AttackContext) -> None:
    result = find_attack("adaptive-margin").run(context)
    for steps in residuals_of(context, result.network):
        assert np.abs(steps).max() < 0.26


def test_the_uniform_attack_spreads_its_residuals_evenly(context: AttackContext) -> None:
    result = find_attack("adaptive-uniform").run(context)
    sizes = np.concatenate([np.abs(r).ravel() for r in residuals_of(context, result.network)])
    counts, _ = np.histogram(sizes[sizes > 1e-3], bins=5, range=(0, 0.5))
    assert counts.max() < 1.1 * counts.min()
