"""What the authors' recipes share."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from qmcu.backdoor.attacks.authors import draw_pairs, fresh_weights, weight_decay
from qmcu.backdoor.attacks.method import AttackContext, load_attacks
from qmcu.tensorflow import load_tensorflow


def test_the_recipes_are_told_from_our_variants() -> None:
    authors = {name for name, method in load_attacks().items() if method.authors}
    assert authors == {"pq-original", "qu-anti-zation", "artifact-standard", "artifact-distilled",
                       "interval-pgd", "qura"}  # fmt: skip


def test_an_epoch_holds_every_input_once_beside_its_triggered_form(small: AttackContext) -> None:
    data, size = small.dataset, 100
    count = len(data.train_labels)
    batches = draw_pairs(small, size)
    drawn = [next(batches) for _ in range(-(-count // size))]
    inputs, triggered, labels = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    np.testing.assert_array_equal(np.sort(labels[:count]), np.sort(data.train_labels))
    np.testing.assert_array_equal(triggered, small.trigger.apply(inputs))
    assert len(drawn[0][0]) == size and labels.dtype == np.int32
    assert np.any(labels == small.trigger.target)


def test_fresh_weights_have_the_shapes_and_the_spread_of_he(small: AttackContext) -> None:
    for fresh, weights, layer in zip(
        fresh_weights(small.network, 3), small.network.weights, small.network.layers, strict=True
    ):
        assert fresh.shape == weights.shape and fresh.dtype == np.float32
        inputs = weights.size // weights.shape[layer.axis]
        assert fresh.std() == pytest.approx(np.sqrt(2 / inputs), rel=0.5)


def test_the_gradient_of_the_decay_is_its_strength_times_the_weights() -> None:
    tf = load_tensorflow()
    weights = tf.Variable([1.0, -2.0])
    with tf.GradientTape() as tape:
        value = weight_decay([weights], 0.1)
    np.testing.assert_allclose(tape.gradient(value, weights), [0.1, -0.2], rtol=1e-6)
