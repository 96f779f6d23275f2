"""What every defence keeps to."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.defences import defend, shared_network, short_settings, small_context
from tests.support.pooled_networks import first_tensor, pooled_inputs, pooled_network
from tests.support.small_networks import samples_of, small_network

from qmcu.backdoor.defences.method import (
    WIDE_INPUTS,
    DefenceContext,
    find_defence,
    load_defences,
)
from qmcu.backdoor.defences.run import run_defence
from qmcu.backdoor.grids.deployment import prove
from qmcu.backdoor.grids.simulation import read_grids
from qmcu.errors import UsageError
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow

METHODS = (
    "activation-correction", "dithered", "efrap", "efrap-original", "equalization", "fine-tune",
    "quantization-aware", "qvec", "range-perturbation", "recoil", "stochastic",
)  # fmt: skip


def test_the_methods_are_these_and_say_where_they_come_from() -> None:
    found = load_defences()
    assert tuple(found) == METHODS
    assert all(d.source and d.summary for d in found.values())


@pytest.mark.parametrize("method", METHODS)
def test_a_defended_model_has_the_size_and_the_operators_of_the_converted_one(method: str) -> None:
    run = defend(method)
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
    settings = short_settings(method)
    again = run_defence(method, shared_network(), samples_of(shared_network()), settings=settings)
    assert again.model == defend(method).model


@pytest.mark.parametrize(
    "method", ["stochastic", "dithered", "equalization", "range-perturbation", "recoil"]
)
def test_another_seed_gives_other_integers(method: str) -> None:
    assert defend(method, seed=1).model != defend(method).model


def test_chance_depends_on_the_model_and_the_inputs_too() -> None:
    """An attacker who knows the seed must not know the draws."""
    given = small_context()
    draws = [
        c.generator().random()
        for c in (given, given, replace(given, network=small_network(2)),
                  replace(given, samples=given.samples[:-1]), replace(given, seed=1))
    ]  # fmt: skip
    assert draws[0] == draws[1] and len(set(draws)) == 4
    assert np.random.default_rng(0).random() not in draws


def test_a_setting_is_used_and_an_unknown_one_refused() -> None:
    wide = run_defence(
        "dithered", shared_network(), samples_of(shared_network()), settings={"width": 0.0}
    )
    assert wide.proof.not_nearest == 0
    with pytest.raises(UsageError, match="dithered has no setting depth, did you mean width"):
        run_defence(
            "dithered", shared_network(), samples_of(shared_network()), settings={"depth": 1.0}
        )
    with pytest.raises(
        UsageError, match="stochastic has no setting x; it has activations, narrow, overshoot, wide"
    ):
        run_defence(
            "stochastic", shared_network(), samples_of(shared_network()), settings={"x": 1.0}
        )


def test_an_unknown_defence_names_those_that_exist() -> None:
    with pytest.raises(UsageError, match="there is no defence nope; there are activation-corr"):
        find_defence("nope")


def test_wide_ranges_hold_what_real_inputs_do_not_reach() -> None:
    """A trigger drives activations beyond calibration; clipping them must not be a way in."""
    network = shared_network()
    # Sure of one class, so that no pattern moves an answer.
    biases = [*network.biases[:-1], network.biases[-1] + 100 * np.eye(10, dtype=np.float32)[0]]
    network = network.with_parameters(network.weights, biases)
    dim = 0.2 * samples_of(network)
    dim[0, 0, 0, 0] = 1.0
    given = DefenceContext(network, dim)
    bright = DefenceContext(network, dim, settings={"wide": 0.0})
    plain = DefenceContext(network, dim, settings={"overshoot": 0.0})
    assert len(bright.calibration) == len(dim)
    assert len(plain.calibration) == len(dim) + WIDE_INPUTS < len(given.calibration)
    first = network.graph.operators[0].outputs[0]
    assert plain.activations[first].scale > 1.5 * bright.activations[first].scale
    # Ascent reaches further than the given inputs and those varied ones that go least far.
    few = DefenceContext(network, dim, settings={"wide": 0.02})
    least = DefenceContext(network, dim, settings={"wide": 0.02, "overshoot": 0.0})
    wider = [g.scale > 1.5 * least.activations[i].scale for i, g in few.activations.items()]
    assert any(wider)


@pytest.mark.parametrize("method", ["equalization", "stochastic"])
def test_activations_of_16_bits(method: str) -> None:
    """Every range is wide: nothing of what it holds costs steps."""
    network, inputs = pooled_network(switch=False), pooled_inputs()
    run = run_defence(method, network, inputs, settings={"activations": 16.0})
    graph = parse_model(run.model, "wide")
    assert graph.input_tensors[0].dtype == "int16"
    first = read_grids(run.network, graph)[first_tensor(run.network)]
    assert first.bits == 16 and first.ends[1] > 20
    assert run.agreement.value > 0.95


def test_activations_of_other_bits_are_refused() -> None:
    with pytest.raises(UsageError, match="8 or 16 bits, not 4"):
        run_defence(
            "stochastic", shared_network(), samples_of(shared_network()),
            settings={"activations": 4.0},
        )  # fmt: skip
