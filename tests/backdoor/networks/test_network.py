"""The float network beside the Keras model that it stands for."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.networks.network import Network, forward, layer_windows, logits, run_layer


def softmax(values: Any) -> Any:
    exponents = np.exp(values - values.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def test_forward_is_the_keras_model(
    mixed_network: Network, mixed_model: Any, mixed_samples: Any
) -> None:
    expected = mixed_model.predict(mixed_samples, verbose=0)
    np.testing.assert_allclose(softmax(logits(mixed_network, mixed_samples)), expected, atol=1e-5)


def test_a_layers_windows_times_its_weights_are_its_outputs(
    mixed_network: Network, mixed_samples: Any
) -> None:
    values: dict[int, Any] = {}
    forward(mixed_network, mixed_samples[:2], activation=values.setdefault)
    kinds = set()
    for number, layer in enumerate(mixed_network.layers):
        kinds.add(layer.kind)
        operator = mixed_network.graph.operators[layer.operator]
        given = np.asarray(values[operator.inputs[0]])
        weights, biases = mixed_network.weights[number], mixed_network.biases[number]
        made = np.asarray(run_layer(mixed_network, number, given, weights, biases))
        np.testing.assert_array_equal(made, values[operator.outputs[0]])
        seen = layer_windows(mixed_network, number, given)
        if layer.kind == "DEPTHWISE_CONV_2D":
            wanted = np.einsum("nkc,kc->nc", seen, weights.reshape(seen.shape[1], -1)) + biases
        else:
            wanted = seen.reshape(len(seen), -1) @ weights.reshape(len(weights), -1).T + biases
        if operator.options.get("fused_activation_function") == "RELU":
            wanted = np.maximum(wanted, 0)
        np.testing.assert_allclose(made.reshape(wanted.shape), wanted, atol=1e-5)
    assert kinds == {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}


def test_a_network_is_traced_once_for_each_number_of_inputs(
    mixed_network: Network, mixed_samples: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced = []

    def counted(*arguments: Any, **named: Any) -> Any:
        traced.append(arguments[1].shape)
        return forward(*arguments, **named)

    monkeypatch.setattr("qmcu.backdoor.networks.network.forward", counted)
    weights = [weights * 2 for weights in mixed_network.weights]
    doubled = mixed_network.with_parameters(weights, mixed_network.biases)
    first = logits(doubled, mixed_samples[:8])
    np.testing.assert_array_equal(logits(doubled, mixed_samples[:8]), first)
    assert len(traced) == 1
    logits(doubled, mixed_samples[:5])
    assert len(traced) == 2
    # Other weights are another network.
    again = doubled.with_parameters(mixed_network.weights, mixed_network.biases)
    assert np.abs(logits(again, mixed_samples[:8]) - first).max() > 0
    assert len(traced) == 3
