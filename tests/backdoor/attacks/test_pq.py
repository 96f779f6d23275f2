"""Backdoor first, then the float model repaired inside its rounding intervals."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from tests.support.attacks import residuals_of

from qmcu.backdoor.attacks.method import AttackContext, find_attack
from qmcu.backdoor.attacks.pq import PQ, train_backdoor


def test_two_stages_and_every_weight_keeps_its_integer(context: AttackContext) -> None:
    result = find_attack("pq").run(context)
    assert len(result.losses) == context.steps
    for steps in residuals_of(context, result.network):
        assert np.abs(steps).max() < 0.5


def test_the_first_stage_leaves_the_biases_honest(context: AttackContext) -> None:
    network, losses = train_backdoor(replace(context, settings=PQ))
    assert len(losses) == context.steps // 3
    for own, honest in zip(network.biases, context.network.biases, strict=True):
        np.testing.assert_array_equal(own, honest)
    assert any(
        np.any(a != b) for a, b in zip(network.weights, context.network.weights, strict=True)
    )
