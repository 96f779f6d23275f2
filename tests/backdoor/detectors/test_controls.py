"""P-values against random signs: calibrated on honest random networks, small on aligned errors."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")

from scipy import stats

from qmcu.backdoor.detectors.activation_statistics import activation_statistics
from qmcu.backdoor.detectors.controls import (
    Controls,
    bonferroni,
    compared,
    compared_shares,
    measured,
)
from qmcu.backdoor.detectors.disagreement import disagreement
from qmcu.backdoor.detectors.gap_inversion import placed, synthesize
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.residuals import residuals
from qmcu.backdoor.detectors.rounding_direction import rounding_direction
from qmcu.backdoor.detectors.rounding_freedom import rounding_freedom
from qmcu.backdoor.detectors.rounding_quiet import rounding_quiet
from qmcu.backdoor.detectors.truncation_norms import truncation_norms
from qmcu.backdoor.grids.weight_grids import LayerGrid, channel_scales, nearest
from qmcu.backdoor.networks.network import Network, forward, network_from_keras
from qmcu.tensorflow import load_tensorflow


@pytest.fixture(scope="module")
def shape() -> Network:
    keras = load_tensorflow().keras
    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(12, 3, activation="relu", padding="same"),
        keras.layers.Conv2D(12, 3, strides=2, activation="relu", padding="same"),
        keras.layers.Flatten(),
        keras.layers.Dense(5),
    ]
    return network_from_keras(keras.Sequential(layers), "random")


def rounded(network: Network, integers: Sequence[Any] | None = None) -> AuditContext:
    """The network beside its weights rounded to nearest, or beside other integers."""
    grids = []
    for k, (layer, weights) in enumerate(zip(network.layers, network.weights, strict=True)):
        scales = channel_scales(weights, layer.axis)
        grid = LayerGrid(
            layer.name, layer.kind, k, layer.axis, scales, weights, np.zeros(0, np.int8)
        )
        chosen = nearest(grid.positions) if integers is None else integers[k]
        grids.append(replace(grid, integers=chosen))
    context = AuditContext(network, b"", network.graph, None)
    context.__dict__["grids"] = tuple(grids)  # instead of those of an int8 file
    return context


def honest(network: Network, seed: int) -> AuditContext:
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, np.sqrt(2 / w[..., 0].size), w.shape) for w in network.weights]
    biases = [rng.normal(0, 0.1, b.shape) for b in network.biases]
    return rounded(network.with_parameters(weights, biases))


def aligned(context: AuditContext) -> AuditContext:
    """The same integers, residuals of the same sizes, all pushing logit 0 of noise upwards."""
    tf = load_tensorflow()
    network = context.network
    assert network is not None
    variables = [tf.Variable(w) for w in network.weights]
    with tf.GradientTape() as tape:
        height = tf.reduce_mean(forward(network, context.noise(32), variables)[:, 0])
    slopes = tape.gradient(height, variables)
    weights = []
    for grid, slope in zip(context.grids, slopes, strict=True):
        pinned = np.abs(grid.integers) == 127
        sizes = np.where(pinned, 0, np.abs(grid.residuals))
        steps = grid.integers - np.sign(slope.numpy()) * sizes
        weights.append(np.where(pinned, grid.positions, steps) * grid.spread_scales)
    moved = network.with_parameters(weights, network.biases)
    return rounded(moved, [g.integers for g in context.grids])


@pytest.fixture(scope="module")
def contexts(shape: Network) -> list[AuditContext]:
    return [honest(shape, seed) for seed in range(16)]


def uniform(p_values: list[float]) -> None:
    """P-values that chance could have drawn: none tiny, not all on one side."""
    assert min(p_values) > 1e-4
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3


def test_p_values_of_honest_random_networks_are_uniform(contexts: list[AuditContext]) -> None:
    seen = [measured(Controls(c), c.noise(24)) for c in contexts]
    sizes = [np.sqrt(np.mean(s.logits**2, axis=(1, 2))) for s in seen]
    uniform([compared(float(s[0]), s[1:]).p_value for s in sizes])
    uniform([compared(float(s[0]), s[1:]).rank_p for s in sizes])
    inner = [s.activations[:, 1] for s in seen]
    uniform([compared(float(s[0]), s[1:]).p_value for s in inner])


def test_p_values_of_the_ascent_are_uniform(contexts: list[AuditContext]) -> None:
    found = [synthesize(c, draws=7) for c in contexts[:8]]
    for name in ("whole", "patch"):
        uniform([placed(f[name]).p_value for f in found])


@pytest.mark.parametrize("run", [residuals, truncation_norms, rounding_freedom])
def test_corrected_p_values_of_honest_residuals_are_no_smaller_than_chance(
    contexts: list[AuditContext], run: Any
) -> None:
    found = [run(c) for c in contexts]
    assert not any(f.suspicious for f in found)
    assert min(f.p_value for f in found) > 1e-3
    # Bonferroni errs to the safe side: at most as many small ones as a uniform one would have.
    assert sum(f.p_value < 0.2 for f in found) <= 8


def test_honest_random_networks_pass_and_aligned_errors_do_not(
    contexts: list[AuditContext],
) -> None:
    for context, expected in ((contexts[0], False), (aligned(contexts[0]), True)):
        findings = [rounding_direction(context), activation_statistics(context)]
        assert [f.suspicious for f in findings] == [expected, expected]
        assert rounding_freedom(context).suspicious == expected
        assert all((f.p_value or 0) < 1e-4 for f in findings) == expected
        quiet = rounding_quiet(context)
        assert not quiet.suspicious and quiet.p_value is not None and quiet.p_value > 1e-3
    for ends in synthesize(aligned(contexts[0]), draws=9).values():
        caught = placed(ends)
        assert caught.z > 4.5 and caught.above == 0 and caught.rank_p == pytest.approx(0.1)


def test_errors_that_were_chosen_to_cancel_are_quieter_than_chance(
    contexts: list[AuditContext],
) -> None:
    context = contexts[1]
    assert context.network is not None
    grids = []
    for grid in context.grids:
        values = grid.channels(grid.residuals).copy()
        # Neighbouring errors of one filter cancel.
        values[:, 1::2] = -values[:, : values.shape[1] - 1 : 2][:, : values[:, 1::2].shape[1]]
        moved = np.moveaxis(grid.weights, grid.axis, 0)
        back = np.moveaxis(values.reshape(moved.shape), 0, grid.axis)
        grids.append((grid.integers + back) * grid.spread_scales)
    even = context.network.with_parameters(grids, context.network.biases)
    found = rounding_quiet(rounded(even, [g.integers for g in context.grids]))
    assert found.score > rounding_quiet(context).score


def test_answers_of_an_honest_random_network_change_as_often_as_by_chance(
    contexts: list[AuditContext],
) -> None:
    found = disagreement(contexts[2])
    assert not found.suspicious and found.p_value is not None and found.p_value > 1e-3
    assert {"noise", "synthesized", "noise expected"} <= set(found.details)


def test_the_audit_of_a_seed_is_the_same_twice(contexts: list[AuditContext]) -> None:
    first, again = contexts[3], honest(contexts[3].network, 3)  # type: ignore[arg-type]
    assert rounding_direction(first) == rounding_direction(again)
    ends = [synthesize(c, draws=2)["patch"].gaps.tolist() for c in (first, again)]
    assert ends[0] == ends[1]


def test_student_s_t_of_a_log_normal_size_is_uniform() -> None:
    rng = np.random.default_rng(1)
    found = [compared(float(np.exp(v[0])), np.exp(v[1:])) for v in rng.normal(3, 0.4, (2000, 13))]
    assert stats.kstest([f.p_value for f in found], "uniform").pvalue > 0.01
    ranks = np.bincount([f.above for f in found], minlength=13)
    assert stats.chisquare(ranks).pvalue > 0.01


def test_comparisons_at_the_edges() -> None:
    assert compared(0.0, np.zeros(5)).p_value == 1.0
    assert compared(1.0, np.full(5, 1.0)).z == pytest.approx(0.0)
    none = compared_shares(0.0, np.zeros(9), 50)
    assert none.z == 0 and none.ratio == 1 and none.p_value == pytest.approx(0.5)
    # Two of fifty where controls have none is no evidence; thirty of fifty is.
    assert compared_shares(0.04, np.zeros(9), 50).z < 3 < compared_shares(0.6, np.zeros(9), 50).z
    assert bonferroni([0.01, 0.5]) == 0.02 and bonferroni([]) == 1.0 and bonferroni([0.9] * 3) == 1
