"""Inputs that overshoot."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tests.support.pooled_networks import first_tensor, pooled_inputs, pooled_network

from qmcu.backdoor.grids.keeping import Keeping
from qmcu.backdoor.grids.overshoot import clean_ends
from qmcu.backdoor.grids.reach import SHARED, Reach, find_kept_overshoot
from qmcu.backdoor.networks.network import logits
from qmcu.tensorflow import load_tensorflow


def test_overshoot_that_keeps_the_answers_reaches_no_further_and_moves_none() -> None:
    """Of two inputs that share patterns each answer is kept by those of its own."""
    network, given = pooled_network(switch=False), pooled_inputs()
    # Edges speak for right, so that what overshoots furthest moves every answer to the left.
    weights = network.weights[1].copy()
    weights[1, 1::3] = 30
    network = network.with_parameters([network.weights[0], weights], network.biases)
    left = given[logits(network, given).argmax(axis=1) == 0]
    assert len(left) >= SHARED
    kept = find_kept_overshoot(network, left, 0.0, 1.0, np.random.default_rng(0))
    free = Reach(network, left, 0.0, 1.0).find(np.random.default_rng(0))
    assert (logits(network, free).argmax(axis=1) == 1).any()
    assert (logits(network, kept).argmax(axis=1) == 0).all()
    ends = [clean_ends(network, x)[first_tensor(network)][1] for x in (left, kept, free)]
    assert ends[0] < ends[1] < ends[2]


def test_where_every_pattern_moves_the_answers_there_is_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing_kept(_: Keeping, before: Any, after: Any) -> Any:
        tf = load_tensorflow()
        return tf.fill(tf.shape(after)[:1], -1.0)

    monkeypatch.setattr(Keeping, "best", nothing_kept)
    network, given = pooled_network(switch=False), pooled_inputs()
    found = find_kept_overshoot(network, given, 0.0, 1.0, np.random.default_rng(0))
    assert found.shape == (0, 8, 8, 1)
