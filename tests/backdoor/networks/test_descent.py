"""Gradient descent and its losses."""

from itertools import repeat

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from qmcu.backdoor.networks.descent import cross_entropy, descend, divergence
from qmcu.tensorflow import load_tensorflow


def test_cross_entropy_of_equal_logits_is_the_logarithm_of_the_classes() -> None:
    logits = np.zeros((2, 5), np.float32)
    labels = np.array([0, 3], np.int32)
    assert float(cross_entropy(labels, logits)) == pytest.approx(np.log(5))
    assert float(cross_entropy(labels, logits, 0.2)) == pytest.approx(np.log(5))


def test_divergence_is_zero_for_equal_answers_only() -> None:
    logits = np.array([[1.0, 0.0, -1.0]], np.float32)
    assert float(divergence(logits, logits)) == pytest.approx(0, abs=1e-6)
    assert float(divergence(logits, logits[:, ::-1])) > 0.1


def test_descending_finds_the_least_value_and_tells_how_far_it_is() -> None:
    tf = load_tensorflow()
    variable = tf.Variable([2.0])
    told: list[tuple[int, int]] = []
    losses = descend(
        lambda wanted: tf.reduce_sum((variable - wanted) ** 2),
        repeat((np.array([1.0], np.float32),)),
        [([variable], 0.1)],
        30,
        progress=lambda done, total: told.append((done, total)),
    )
    assert len(losses) == 30 and losses[-1] < 0.05 < losses[0]
    assert told[-1] == (30, 30)
