"""Nearest rounding on grids that equalization has moved."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tests.support.defences import defend, shared_network
from tests.support.pooled_networks import first_tensor, pooled_inputs, pooled_network
from tests.support.small_networks import samples_of

from qmcu.backdoor.defences.run import DefenceRun, run_defence
from qmcu.backdoor.grids.simulation import read_grids
from qmcu.backdoor.networks.network import logits
from qmcu.model.reader import parse_model


def test_the_function_stays_and_the_grids_move() -> None:
    run, inputs = defend("equalization"), samples_of(shared_network(), 32)
    assert run.rescaled
    assert np.allclose(logits(run.network, inputs), logits(run.original, inputs), atol=1e-4)
    assert not np.allclose(run.network.weights[1], run.original.weights[1], rtol=0.01)


def step_of(run: DefenceRun) -> float:
    """Of what the first layer makes."""
    grids = read_grids(run.network, parse_model(run.model, "defended"))
    return grids[first_tensor(run.network)].scale


@pytest.mark.parametrize("method", ["equalization", "stochastic", "quantization-aware"])
def test_a_range_that_costs_and_saves_nothing_is_narrow_in_the_file(method: str) -> None:
    steps = {"steps": 2.0} if method == "quantization-aware" else {}
    network, inputs = pooled_network(switch=False), pooled_inputs()
    narrow = run_defence(method, network, inputs, settings=steps)
    wide = run_defence(method, network, inputs, settings={**steps, "narrow": 0.0})
    assert step_of(narrow) < step_of(wide) / 5
    assert narrow.agreement.value >= wide.agreement.value
    assert narrow.agreement.value > 0.95


def test_the_range_of_a_switch_stays_wide_in_the_file() -> None:
    network, inputs = pooled_network(switch=True), pooled_inputs()
    runs = [
        run_defence("equalization", network, inputs, settings={"narrow": narrow})
        for narrow in (0.0, 1.0)
    ]
    assert runs[0].model == runs[1].model
