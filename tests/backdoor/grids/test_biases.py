"""Biases that a converter took into the next layer."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.grids import beyond_rounding, deployed_biases, layer_grids
from qmcu.backdoor.grids.biases import move_biases
from qmcu.backdoor.networks import Network, logits, network_from_keras
from qmcu.model.convert import convert_keras
from qmcu.model.graph import Graph
from qmcu.tensorflow import load_tensorflow


def _linear(graph: Graph) -> Graph:
    """Without activations."""
    operators = (
        replace(op, options={**op.options, "fused_activation_function": "NONE"})
        for op in graph.operators
    )
    return replace(graph, operators=tuple(operators))


@pytest.fixture(scope="module")
def pair() -> tuple[Network, Graph]:
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(1)
    source: Any = keras.Input((8,))
    x = keras.layers.Dense(6, activation="relu", bias_initializer="random_normal")(source)
    model = keras.Model(source, keras.layers.Dense(3, bias_initializer="random_normal")(x))
    inputs = np.random.default_rng(0).random((32, 8)).astype(np.float32)
    network = network_from_keras(model)
    linear = replace(network, graph=_linear(network.graph))
    return linear, _linear(convert_keras(model, inputs).graph)


def _off(network: Network, graph: Graph) -> list[bool]:
    deployed = deployed_biases(graph, layer_grids(network, graph))
    pairs = zip(deployed, network.biases, strict=True)
    return [bool(beyond_rounding(v - own, s, own).any()) for (v, s), own in pairs]


def test_a_bias_in_the_next_layer_is_moved_back(pair: tuple[Network, Graph]) -> None:
    network, graph = pair
    first, second = network.biases
    moved = network.with_parameters(
        network.weights, [np.zeros_like(first), second + network.weights[1] @ first]
    )
    assert _off(network, graph) == [False, False]
    assert _off(moved, graph) == [True, True]
    back = move_biases(moved, graph)
    assert _off(back, graph) == [False, False]
    inputs = np.random.default_rng(2).random((5, 8)).astype(np.float32)
    np.testing.assert_allclose(logits(back, inputs), logits(moved, inputs), atol=1e-5)


def test_an_edited_bias_stays_one(pair: tuple[Network, Graph]) -> None:
    network, graph = pair
    first, second = network.biases
    edited = network.with_parameters(network.weights, [first + 0.5, second])
    assert _off(move_biases(edited, graph), graph) == [False, True]
    assert move_biases(network, graph).biases[0] is network.biases[0]


def test_no_bias_passes_an_activation(pair: tuple[Network, Graph]) -> None:
    network, graph = pair
    options = {**network.graph.operators[0].options, "fused_activation_function": "RELU"}
    operators = (replace(network.graph.operators[0], options=options), *network.graph.operators[1:])
    bent = replace(network, graph=replace(network.graph, operators=operators))
    first, second = network.biases
    edited = bent.with_parameters(bent.weights, [first + 0.5, second])
    assert _off(move_biases(edited, graph), graph) == [True, False]
