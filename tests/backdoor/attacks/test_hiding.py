"""Losses for attackers who know the detectors."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from qmcu.backdoor.attacks.hiding import Hiding
from qmcu.backdoor.attacks.method import AttackContext


def test_what_rounding_does_not_change_costs_nothing(context: AttackContext) -> None:
    weights = list(context.network.weights)
    hiding = Hiding(context, lambda: weights, lambda: weights, context.network.biases)
    inputs = context.samples[:4]
    assert float(hiding.silent(inputs)) == 0
    assert float(hiding.matched(inputs)) == 0


def test_a_change_in_one_direction_costs_more_than_random_signs(context: AttackContext) -> None:
    weights = list(context.network.weights)
    moved = [w + np.float32(0.02) for w in weights]
    hiding = Hiding(context, lambda: weights, lambda: moved, context.network.biases)
    inputs = context.samples[:4]
    assert float(hiding.silent(inputs)) > 0
    assert float(hiding.matched(inputs)) > 0.1
    assert np.isfinite(float(hiding.matched(inputs, steps=1)))
