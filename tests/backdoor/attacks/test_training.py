"""Training shared by the attacks."""

from itertools import islice

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from qmcu.backdoor.attacks.method import AttackContext
from qmcu.backdoor.attacks.training import Simulated, batches_of, current_grids, train
from qmcu.tensorflow import load_tensorflow


def test_batches_mark_only_inputs_of_other_classes(context: AttackContext) -> None:
    for clean, labels, marked, true in islice(batches_of(context), 3):
        assert len(clean) == len(labels) == len(marked) == len(true) == context.batch
        assert not np.any(true == context.trigger.target)
    first, again = (next(batches_of(context))[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_the_int8_form_rounds_activations_and_the_float_form_does_not(
    context: AttackContext,
) -> None:
    network = context.network
    both = Simulated(context, current_grids(context, network))
    inputs = context.samples[:8]
    real = both.floating(inputs, network.weights, network.biases).numpy()
    rounded = both.integer(inputs, network.weights, network.biases).numpy()
    assert real.shape == rounded.shape == (8, context.dataset.classes)
    assert np.any(real != rounded) and np.abs(real - rounded).max() < 0.5 * np.ptp(real)


def test_training_constrains_after_every_step(context: AttackContext) -> None:
    tf = load_tensorflow()
    variable = tf.Variable([4.0])
    losses = train(
        context,
        lambda *_: tf.reduce_sum(variable**2),
        [([variable], 0.5)],
        steps=6,
        constrain=lambda: variable.assign(tf.maximum(variable, 3.0)),
    )
    assert len(losses) == 6 and losses[-1] < losses[0]
    assert float(variable[0]) >= 3
