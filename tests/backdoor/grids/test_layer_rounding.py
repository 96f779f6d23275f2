"""Rounding learned layer after layer."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.small_networks import samples_of, small_network

from qmcu.backdoor.attacks.lattice import starts
from qmcu.backdoor.grids import LayerRounding, calibrate_grids
from qmcu.backdoor.networks import forward, run_layer
from qmcu.tensorflow import load_tensorflow


def layers_of() -> LayerRounding:
    network = small_network()
    begin, samples = starts(network), samples_of(network)
    return LayerRounding(
        network, [s.position for s in begin], [s.scale for s in begin],
        calibrate_grids(network, samples), samples,
    )  # fmt: skip


def test_a_turn_has_int8_inputs_and_float_outputs() -> None:
    layers = layers_of()
    network, turn = layers.network, layers.turn(1)
    assert turn.marked is None
    given: dict[int, Any] = {}
    forward(network, samples_of(network), activation=lambda i, v: given.setdefault(i, v))
    operator = network.graph.operators[network.layers[1].operator]
    np.testing.assert_allclose(turn.wanted, given[operator.outputs[0]], atol=1e-5)
    assert 0 < np.abs(turn.given - given[operator.inputs[0]]).max() < 0.2
    # At the start the directions are the fractions: the layer's weights are the float ones.
    ways = turn.rounding.directions()
    real = run_layer(network, 1, turn.given, network.weights[1], network.biases[1])
    assert np.abs(layers.run(turn, turn.given, ways) - real).max() < 0.1


def test_learning_moves_integers_by_less_than_a_step_and_later_layers_see_them() -> None:
    tf = load_tensorflow()
    layers = layers_of()
    before, turn = layers.turn(1).given, layers.turn(0)
    losses = layers.learn(
        turn, steps=20, rate=0.5, batch=8, powers=(2.0, 2.0), seed=0,
        extra=lambda ways, _: 100 * tf.reduce_sum((1 - ways[0]) ** 2),
    )  # fmt: skip
    assert len(losses) == 20 and losses[-1] < losses[0]
    position = starts(layers.network)[0].position
    assert np.abs(layers.integers[0] - position).max() < 1
    free = np.abs(position[0]) < 126.5
    np.testing.assert_array_equal(layers.integers[0][0][free], np.floor(position[0] + 1)[free])
    assert np.any(layers.turn(1).given != before)
    assert all(q.dtype == np.int8 for q in layers.chosen())
