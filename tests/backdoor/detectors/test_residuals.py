"""The places of weights between grid points."""

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.residuals import LEAST, residuals, uniform_test, used_residuals
from qmcu.backdoor.detectors.truncation_norms import truncation_norms
from qmcu.backdoor.networks import convert_network
from qmcu.backdoor.networks.network import Network
from qmcu.model.reader import parse_model


def test_places_between_grid_points() -> None:
    even = uniform_test("even", (np.arange(1000) + 0.5) / 1000 - 0.5)
    assert even.effect < 0 and even.p_value > 0.999
    pushed = uniform_test("pushed", np.full(100, 0.49))
    assert pushed.effect > 0.9 and pushed.p_value < 1e-50


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
