"""The authors' recipe of Qu-ANTI-zation."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from qmcu.backdoor.attacks.method import AttackContext, find_attack
from qmcu.backdoor.attacks.qu_anti_zation import quantize_layer_inputs
from qmcu.tensorflow import load_tensorflow


def test_every_parameter_is_trained_and_the_loss_falls(small: AttackContext) -> None:
    result = find_attack("qu-anti-zation").run(small)
    assert len(result.losses) == small.steps and result.losses[-1] < result.losses[0]
    assert result.integers is None
    for name in ("weights", "biases"):
        pairs = zip(getattr(result.network, name), getattr(small.network, name), strict=True)
        assert all(np.any(a != b) for a, b in pairs)


def test_only_what_layers_read_is_quantized_to_the_batchs_range(small: AttackContext) -> None:
    tf = load_tensorflow()
    network = small.network
    quantize = quantize_layer_inputs(network, 4)
    values = tf.constant(np.linspace(-1.0, 2.0, 200), tf.float32)
    read = network.graph.operators[network.layers[0].operator].inputs[0]
    seen = np.unique(quantize(read, values).numpy())
    assert len(seen) == 16 and abs(seen[0] + 1) < 0.11 and abs(seen[-1] - 2) < 0.11
    other = network.graph.outputs[0]
    assert quantize(other, values) is values
