"""Tied weights have tied rounding errors: flipped together, or no null at all."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.random_networks import check_uniform, random_honest, round_network

from qmcu.backdoor.detectors.changes import measure_changes
from qmcu.backdoor.detectors.controls import Controls
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.result import judge
from qmcu.backdoor.detectors.rounding_freedom import rounding_freedom
from qmcu.backdoor.detectors.run import audit
from qmcu.backdoor.detectors.significance import compare
from qmcu.backdoor.detectors.ties import LEAST_SIGNS, count_signs, find_ties, lead_layers
from qmcu.backdoor.networks.network import Network, network_from_graph
from qmcu.model.convert import float_graph
from qmcu.tensorflow import load_tensorflow


def share_weights(network: Network, values: int) -> AuditContext:
    """Random weights, each moved to the nearest of `values` quantiles of its layer."""
    honest = random_honest(network, 1).network
    assert honest is not None
    weights = []
    for w in honest.weights:
        book = np.quantile(w, (np.arange(values) + 0.5) / values)
        weights.append(book[np.abs(w[..., None] - book).argmin(-1)].astype(np.float32))
    return round_network(honest.with_parameters(weights, honest.biases))


def test_distinct_weights_are_not_tied(contexts: list[AuditContext]) -> None:
    assert not find_ties(contexts[0])
    for grid in contexts[0].grids:
        signs, tied = count_signs(grid)
        assert tied < 0.01 and signs > 30


def test_equal_weights_are_flipped_together(shape: Network) -> None:
    context = share_weights(shape, 16)
    controls = Controls(context)
    controls.take(3)
    assert context.network is not None
    for grid, variable in zip(context.grids, controls.variables, strict=True):
        error = grid.integers * grid.spread_scales - grid.weights
        signs = np.sign((variable.numpy() - grid.weights) * error)
        channel = np.moveaxis(signs, grid.axis, 0)[0].ravel()
        values = np.abs(np.moveaxis(grid.weights, grid.axis, 0)[0].ravel())
        big = np.abs(np.moveaxis(error, grid.axis, 0)[0].ravel()) > 1e-5
        for value in np.unique(values[big]):
            assert len(set(channel[big & (values == value)])) == 1


def test_a_handful_of_values_leaves_no_null_and_the_audit_says_so(shape: Network) -> None:
    keras_like = share_weights(shape, 2)
    weights = [2.0 ** np.round(np.log2(np.abs(w) + 1e-3)) * np.sign(w)
               for w in keras_like.network.weights]  # type: ignore[union-attr]  # fmt: skip
    context = round_network(
        keras_like.network.with_parameters(weights, keras_like.network.biases)  # type: ignore[union-attr]
    )
    if not find_ties(context):
        context = share_weights(shape, 3)
    assert f"{LEAST_SIGNS} are needed" in find_ties(context)
    bare = replace(context, integer=None)
    bare.__dict__["grids"] = context.grids
    result = audit(bare)
    assert "tied" in result.skipped["rounding-direction"]
    assert "tied" in result.skipped["residuals"]
    # A random network may well trip a supporting detector; what is quiet beside ties is undecided.
    assert result.verdict in ("undecided", "suspicious")
    quiet = [f for f in result.findings if not f.suspicious]
    verdict, reasons = judge(quiet, find_ties(context))
    assert verdict == "undecided" and any("tied" in r for r in reasons)


def _siamese() -> Network:
    """Six parts of an input through the same layer, whose results are added."""
    tf = load_tensorflow()
    tf.keras.utils.set_random_seed(2)
    layers = tf.keras.layers
    given = tf.keras.Input((6, 12))
    shared = layers.Dense(8, bias_initializer="random_normal")
    parts = [shared(layers.Lambda(lambda x, k=k: x[:, k])(given)) for k in range(6)]
    model = tf.keras.Model(given, layers.Dense(4)(layers.Add()(parts)))
    return network_from_graph(float_graph(model))


def test_layers_that_share_their_weights_have_one_draw() -> None:
    """Six equal errors add up; six draws would not, and honest networks would stand out."""
    network = _siamese()
    assert len(network.layers) == 7
    contexts = []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        first, last = rng.normal(0, 0.3, (8, 12)), rng.normal(0, 0.3, (4, 8))
        contexts.append(
            round_network(network.with_parameters([*[first] * 6, last], network.biases))
        )
    assert lead_layers(contexts[0].grids) == (0, 0, 0, 0, 0, 0, 6)
    controls = Controls(contexts[0])
    controls.take(2)
    drawn = [v.numpy() for v in controls.variables]
    assert all(np.array_equal(drawn[0], w) for w in drawn[:6])
    assert not np.array_equal(drawn[0], contexts[0].network.weights[0])  # type: ignore[union-attr]
    seen = [measure_changes(Controls(c), c.noise(24)) for c in contexts]
    sizes = [np.sqrt(np.mean(s.logits**2, axis=(1, 2))) for s in seen]
    check_uniform([compare(float(s[0]), s[1:]).p_value for s in sizes])
    freedom = [rounding_freedom(c) for c in contexts]
    assert not any(f.suspicious for f in freedom)
    largest = [max(v for k, v in f.details.items() if "deviations" in k) for f in freedom]
    # Of four normal deviations each; six times the weights apart they would be 2.4 times as large.
    assert np.mean(np.abs(largest)) < 1.6
