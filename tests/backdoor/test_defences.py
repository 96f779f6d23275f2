"""Defences: each on a small network, and what is particular to some."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tests.backdoor.small_networks import samples_of, small_network

from qmcu.backdoor.defences.method import (
    WIDE_INPUTS,
    DefenceContext,
    DefenceResult,
    find_defence,
    load_defences,
)
from qmcu.backdoor.defences.run import DefenceRun, check_same_function, run_defence
from qmcu.backdoor.grids.deployment import prove
from qmcu.backdoor.grids.weight_grids import nearest
from qmcu.backdoor.networks.network import Network, logits, network_from_graph
from qmcu.errors import CheckFailedError, UsageError
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow

METHODS = (
    "activation-correction", "dithered", "efrap", "equalization", "fine-tune",
    "quantization-aware", "qvec", "range-perturbation", "recoil", "stochastic",
)  # fmt: skip


@cache
def network() -> Network:
    return small_network()


@cache
def defended(method: str, seed: int = 0, steps: int = 4) -> DefenceRun:
    settings = {"steps": steps} if "steps" in find_defence(method).settings else {}
    return run_defence(method, network(), samples_of(network()), seed=seed, settings=settings)


def context() -> DefenceContext:
    return DefenceContext(network(), samples_of(network()))


def drawn(method: str, seeds: int, **settings: float) -> list[DefenceResult]:
    """One method's results over seeds, converted once."""
    given, found = context(), find_defence(method)
    results = []
    for seed in range(seeds):
        own = replace(given, seed=seed, settings=found.merged(settings))
        own.__dict__["conversion"] = given.conversion
        results.append(found.run(own))
    return results


def test_the_methods_are_these_and_say_where_they_come_from() -> None:
    found = load_defences()
    assert tuple(found) == METHODS
    assert all(d.source and d.summary for d in found.values())


@pytest.mark.parametrize("method", METHODS)
def test_a_defended_model_has_the_size_and_the_operators_of_the_converted_one(method: str) -> None:
    run = defended(method)
    before, after = parse_model(run.converted, "a"), parse_model(run.model, "b")
    assert len(run.model) == len(run.converted)
    assert [op.kind for op in after.operators] == [op.kind for op in before.operators]
    assert prove(run.model, run.converted, run.chosen, run.network) == run.proof
    interpreter = load_tensorflow().lite.Interpreter(model_content=run.model)
    interpreter.allocate_tensors()
    for layer, integers in zip(run.chosen, run.integers, strict=True):
        assert np.array_equal(interpreter.get_tensor(layer.tensor), integers)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_bytes(method: str) -> None:
    settings = {"steps": 4} if "steps" in find_defence(method).settings else {}
    again = run_defence(method, network(), samples_of(network()), settings=settings)
    assert again.model == defended(method).model


@pytest.mark.parametrize(
    "method", ["stochastic", "dithered", "equalization", "range-perturbation", "recoil"]
)
def test_another_seed_gives_other_integers(method: str) -> None:
    assert defended(method, seed=1).model != defended(method).model


def test_stochastic_rounding_is_right_on_average() -> None:
    positions = np.concatenate([g.positions.ravel() for g in context().grids])
    runs = np.array([_flat(result) for result in drawn("stochastic", 40)])
    assert set(np.unique(runs - np.floor(positions + 1e-9))) <= {0.0, 1.0, -1.0}
    error = (runs.mean(axis=0) - positions).mean()
    assert abs(error) < 4 * 0.5 / np.sqrt(runs.size)
    assert np.abs(runs.mean(axis=0) - positions).mean() < 0.1


def _flat(result: DefenceResult) -> Any:
    assert result.integers is not None
    return np.concatenate([q.ravel() for q in result.integers])


def test_chance_depends_on_the_model_and_the_inputs_too() -> None:
    """An attacker who knows the seed must not know the draws."""
    given = context()
    draws = [
        c.generator().random()
        for c in (given, given, replace(given, network=small_network(2)),
                  replace(given, samples=given.samples[:-1]), replace(given, seed=1))
    ]  # fmt: skip
    assert draws[0] == draws[1] and len(set(draws)) == 4
    assert np.random.default_rng(0).random() not in draws


def test_qvec_flips_the_weights_whose_residual_is_over_a_quarter_step() -> None:
    grids = context().grids
    run = defended("qvec")
    for grid, integers in zip(grids, run.integers, strict=True):
        residuals = grid.positions - grid.nearest
        free = np.abs(np.abs(residuals) - 0.25) > 0.01
        flipped = integers != grid.nearest
        assert np.array_equal(flipped[free], (np.abs(residuals) > 0.25)[free])


def test_range_perturbation_widens_every_scale_within_its_spread() -> None:
    run = run_defence("range-perturbation", network(), samples_of(network()),
                      settings={"spread": 0.2})  # fmt: skip
    for grid, layer in zip(context().grids, run.chosen, strict=True):
        factors = layer.scales / grid.scales
        assert (factors > 1.049).all() and (factors < 1.201).all()
        assert len(np.unique(factors)) == len(factors)
        spread = layer.scales.astype(float).reshape(grid.spread_scales.shape)
        assert np.array_equal(layer.integers, nearest(grid.weights / spread))


def test_efrap_flips_large_truncation_errors_rather_than_small_ones() -> None:
    run = run_defence("efrap", network(), samples_of(network()),
                      settings={"steps": 60, "rate": 0.3})  # fmt: skip
    flips: dict[str, list[Any]] = {"large": [], "small": []}
    for grid, integers in zip(context().grids, run.integers, strict=True):
        errors = np.abs(grid.positions - grid.nearest)
        flipped = integers != grid.nearest
        flips["large"].append(flipped[errors > 0.4])
        flips["small"].append(flipped[(errors < 0.1) & (np.abs(grid.positions) < 126.5)])
    large, small = (np.concatenate(flips[k]).mean() for k in ("large", "small"))
    assert large > 0.9 and small < 0.5


def distance(run: DefenceRun, inputs: Any) -> float:
    """How far the deployed weights and biases move the logits of the float network."""
    graph = parse_model(run.model, "defended")
    own = network_from_graph(graph)
    moved = run.original.with_parameters(own.weights, own.biases)
    return float(np.abs(logits(moved, inputs) - logits(run.original, inputs)).mean())


def test_activation_correction_undoes_a_drift_that_rounding_makes() -> None:
    """All weights just above a boundary: nearest rounding moves every one of them upwards."""
    grids = context().grids
    pushed = [
        np.where(np.abs(g.positions) > 126.5, g.positions, np.floor(g.positions) + 0.52)
        for g in grids
    ]
    weights = [p * g.spread_scales for p, g in zip(pushed, grids, strict=True)]
    drifting = network().with_parameters(weights, network().biases)
    inputs = samples_of(network(), 64)
    plain = run_defence("dithered", drifting, inputs, settings={"width": 0.0})
    corrected = run_defence(
        "activation-correction", drifting, inputs, settings={"steps": 60, "batch": 10}
    )
    assert distance(corrected, inputs) < 0.8 * distance(plain, inputs)


def test_recoil_goes_against_the_drift_by_its_setting() -> None:
    """Over seeds, the mean is the float weights less a share of the rounding errors."""
    grids = context().grids
    shares = []
    for beyond in (0.0, 0.5):
        against = size = 0.0
        for result in drawn("recoil", 40, beyond=beyond):
            assert result.integers is not None and result.scales is not None
            layers = zip(
                grids, result.network.weights, result.integers, result.scales, strict=True
            )  # fmt: skip
            for grid, rescaled, q, s in layers:
                error = grid.nearest * grid.spread_scales - grid.weights
                error *= rescaled / grid.weights
                moved = q * s.reshape(grid.spread_scales.shape) - rescaled
                against += float(np.sum(moved * error))
                size += float(np.sum(error**2))
        shares.append(against / size)
    assert abs(shares[0]) < 0.15 and abs(shares[1] - shares[0] + 0.5) < 0.1


def test_recoil_is_audited_against_the_same_function_in_other_weights() -> None:
    run, inputs = defended("recoil"), samples_of(network(), 64)
    assert run.rescaled and run.reference is run.network is not run.original
    assert not np.allclose(run.network.weights[1], run.original.weights[1], rtol=0.01)
    assert np.allclose(logits(run.network, inputs), logits(run.original, inputs), atol=1e-4)


def test_a_network_that_is_another_function_is_not_called_rescaled() -> None:
    other = network().with_parameters([1.01 * w for w in network().weights], network().biases)
    with pytest.raises(CheckFailedError, match="a logit differs by"):
        check_same_function(other, network(), samples_of(network()))


@pytest.mark.parametrize("method", ["fine-tune", "quantization-aware"])
def test_retraining_is_said_and_uses_labels(method: str) -> None:
    plain = defended(method)
    assert plain.retrained and plain.reference is plain.network is not plain.original
    labels = np.arange(24) % 10
    run = run_defence(method, network(), samples_of(network()), labels, settings={"steps": 4})
    assert run.model != plain.model
    assert run.accuracy is not None and run.float_accuracy is not None


def test_a_setting_is_used_and_an_unknown_one_refused() -> None:
    wide = run_defence("dithered", network(), samples_of(network()), settings={"width": 0.0})
    assert wide.proof.not_nearest == 0
    with pytest.raises(UsageError, match="dithered has no setting depth; it has wide, width"):
        run_defence("dithered", network(), samples_of(network()), settings={"depth": 1.0})
    with pytest.raises(UsageError, match="stochastic has no setting x; it has wide"):
        run_defence("stochastic", network(), samples_of(network()), settings={"x": 1.0})


def test_an_unknown_defence_names_those_that_exist() -> None:
    with pytest.raises(UsageError, match="there is no defence nope; there are activation-corr"):
        find_defence("nope")


def test_wide_ranges_hold_what_real_inputs_do_not_reach() -> None:
    """A trigger drives activations beyond calibration; clipping them must not be a way in."""
    dim = 0.2 * samples_of(network())
    dim[0, 0, 0, 0] = 1.0
    given = DefenceContext(network(), dim)
    bright = DefenceContext(network(), dim, settings={"wide": 0.0})
    assert len(bright.calibration) == len(dim) < len(given.calibration) < len(dim) + WIDE_INPUTS
    first = network().graph.operators[0].outputs[0]
    assert given.activations[first].scale > 1.5 * bright.activations[first].scale
