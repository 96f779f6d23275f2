"""The places of weights between grid points."""

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.residuals import (
    LEAST,
    channel_residuals,
    residuals,
    uniform_test,
    used_residuals,
)
from qmcu.backdoor.detectors.truncation_norms import truncation_norms
from qmcu.backdoor.grids import LayerGrid
from qmcu.backdoor.networks import convert_network
from qmcu.backdoor.networks.network import Network
from qmcu.model.reader import parse_model


def test_places_between_grid_points() -> None:
    even = uniform_test("even", (np.arange(1000) + 0.5) / 1000 - 0.5)
    assert even.effect < 0 and even.p_value > 0.999
    pushed = uniform_test("pushed", np.full(100, 0.49))
    assert pushed.effect > 0.9 and pushed.p_value < 1e-50


def test_channels_within_a_step_of_zero_say_nothing() -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(6, 200)).astype(np.float32)
    # Training left three for dead: no weight reaches a step of the layer's or the least scale.
    weights[:3] *= np.float32(1e-12)
    weights[2, :4] = weights[3:].max() / 127 * 12.25
    scale = float(np.abs(weights).max()) / 127
    scales = np.full(1, scale)
    integers = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
    grid = LayerGrid("layer", "FULLY_CONNECTED", 0, 0, scales, weights, integers)
    assert [number for number, _ in channel_residuals(grid)] == [3, 4, 5]
    assert len(used_residuals(grid)) > 0.97 * 600 and len(used_residuals(grid)) <= 600
    assert uniform_test("alive", used_residuals(grid)).p_value > 1e-3


def test_clustered_weights_count_once(network: Network, samples: npt.NDArray[np.float32]) -> None:
    # 24 values for all weights of a layer: each place is there many times.
    weights = []
    for own in network.weights:
        values = np.quantile(own, (np.arange(24) + 0.5) / 24)
        weights.append(values[np.abs(own[..., None] - values).argmin(axis=-1)])
    clustered = network.with_parameters(weights, network.biases)
    model = convert_network(clustered, samples).model
    context = AuditContext(clustered, model, parse_model(model, "clustered"), samples)
    assert not residuals(context).suspicious and not truncation_norms(context).suspicious
    kept = [len(used_residuals(grid)) for grid in context.grids]
    assert kept[0] <= 24 * network.weights[0].shape[0]
    # Weights that nobody tied are all there but for those that fix the scale.
    plain = AuditContext(network, convert_network(network, samples).model, None, samples)
    assert plain.integer is not None
    whole = AuditContext(network, plain.integer, parse_model(plain.integer, "plain"), samples)
    assert len(used_residuals(whole.grids[1])) > 0.97 * network.weights[1].size > LEAST
