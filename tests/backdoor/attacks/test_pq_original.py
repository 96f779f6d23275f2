"""The authors' recipe of the PQ backdoor."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from qmcu.backdoor.attacks.method import AttackContext
from qmcu.backdoor.attacks.pq_original import (
    SETTINGS,
    keep_integers,
    measure,
    repair,
    train_backdoor,
)
from qmcu.backdoor.grids import channel_scales
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float64Array


def steps_of(weights: Float64Array, axis: int) -> Float64Array:
    shape = [1] * weights.ndim
    shape[axis] = -1
    return weights / channel_scales(weights, axis).reshape(shape)


def test_repair_moves_weights_and_keeps_every_scale_and_integer(small: AttackContext) -> None:
    given = replace(small, settings=SETTINGS)
    first, losses = train_backdoor(given, 3)
    last, more = repair(given, first, 3)
    assert (len(losses), len(more)) == (3, 3)
    for layer, before, after in zip(first.layers, first.weights, last.weights, strict=True):
        assert np.any(before != after)
        np.testing.assert_allclose(
            channel_scales(before, layer.axis), channel_scales(after, layer.axis), rtol=1e-6
        )
        pair = [np.round(steps_of(w.astype(np.float64), layer.axis)) for w in (before, after)]
        np.testing.assert_array_equal(pair[0], pair[1])


def test_the_late_loss_pulls_weights_to_their_grid(small: AttackContext) -> None:
    spread = {}
    for centre in (0.0, 1000.0):
        given = replace(small, settings=SETTINGS | {"centre": centre, "rate": 1e-4})
        network, _ = train_backdoor(given, 30)
        residuals = [
            np.abs(measure(w, a.axis).residual.numpy()).mean()
            for w, a in zip(network.weights, network.layers, strict=True)
        ]
        spread[centre] = np.mean(residuals)
    assert spread[1000.0] < 0.8 * spread[0.0]


def test_what_lies_beyond_the_kept_interval_stays_where_it_was() -> None:
    tf = load_tensorflow()
    base = measure(tf.constant([[127.0, 3.4995, 10.2]]), 0)
    moved = keep_integers(tf.constant([[120.0, 3.1, 12.0]]), base).numpy()
    np.testing.assert_allclose(moved, [[127.0, 3.4995, 10.499]], rtol=1e-6)
