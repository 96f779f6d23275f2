"""Gradient descent and its losses."""

from itertools import repeat

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from qmcu.backdoor.networks.descent import class_logits, cross_entropy, descend, divergence
from qmcu.model.decision import deciding
from qmcu.tensorflow import load_tensorflow


def test_cross_entropy_of_equal_logits_is_the_logarithm_of_the_classes() -> None:
    logits = np.zeros((2, 5), np.float32)
    labels = np.array([0, 3], np.int32)
    assert float(cross_entropy(labels, logits)) == pytest.approx(np.log(5))
    assert float(cross_entropy(labels, logits, 0.2)) == pytest.approx(np.log(5))


def test_one_output_is_a_class_beside_its_threshold() -> None:
    probabilities = np.array([[0.5], [0.999], [0.0]], np.float32)
    labels = np.array([1, 1, 1], np.int32)
    each = [float(cross_entropy(labels[:1], probabilities[i : i + 1])) for i in range(len(labels))]
    assert each[0] == pytest.approx(np.log(2))
    assert each[1] < 0.01
    # Wrong and sure of it: large, and with a slope that leads out.
    assert each[2] == pytest.approx(-np.log(1e-3))
    with deciding(0.0):
        assert float(cross_entropy(labels[:1], np.zeros((1, 1), np.float32))) == pytest.approx(
            np.log(2)
        )
    with deciding(0.9):
        assert float(cross_entropy(labels[:1], probabilities[:1])) == pytest.approx(
            np.log(10), rel=0.01
        )
    assert float(divergence(probabilities, probabilities)) == pytest.approx(0, abs=1e-6)
    assert float(divergence(probabilities, probabilities[::-1])) > 0.1


def test_a_sigmoid_that_is_sure_still_has_a_slope() -> None:
    tf = load_tensorflow()
    before = tf.constant([[-9.0], [9.0]])
    with tf.GradientTape() as tape:
        tape.watch(before)
        scores = class_logits(tf.sigmoid(before))[:, 1]
    slopes = tape.gradient(scores, before).numpy()
    # Of the probability itself it is 1e-4: nothing to climb by.
    assert slopes.min() > 0.05


def test_one_output_that_is_no_probability_is_in_order() -> None:
    values = np.array([[-3.0], [-1.0], [0.2], [0.9], [2.0], [5.0]], np.float32)
    scores = class_logits(load_tensorflow().constant(values)).numpy()
    assert np.array_equal(scores.argmax(-1), [0, 0, 0, 1, 1, 1])
    assert (np.diff(scores[:, 1]) > 0).all()


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
