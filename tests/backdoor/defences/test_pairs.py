"""The float model beside its int8 form, layer by layer."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tests.support.defences import small_context

from qmcu.backdoor.defences.pairs import Pair, layer_distance
from qmcu.backdoor.networks.network import logits


def test_the_two_forms_are_near_and_only_one_is_the_float_model() -> None:
    context = small_context()
    pair, inputs = Pair(context), context.samples[:6]
    real = pair.floating(inputs)
    np.testing.assert_allclose(real.logits, logits(context.network, inputs), atol=1e-5)
    weights = [(g.integers * g.spread_scales).astype(np.float32) for g in context.grids]
    rounded = pair.integer(inputs, weights, context.network.biases)
    assert len(real.layers) == len(context.network.layers)
    assert float(layer_distance(real, real)) == 0
    assert 0 < float(layer_distance(real, rounded)) < 0.1


def test_what_a_tensor_passes_on_may_be_replaced() -> None:
    context = small_context()
    silent = Pair(context).floating(context.samples[:2], lambda _, values: 0 * values)
    assert np.ptp(silent.logits, axis=0).max() == 0
