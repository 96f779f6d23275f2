"""A drift that rounding makes, undone."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.defences import shared_network, small_context
from tests.support.small_networks import samples_of

from qmcu.backdoor.defences.run import DefenceRun, run_defence
from qmcu.backdoor.networks.network import logits, network_from_graph
from qmcu.model.reader import parse_model


def distance(run: DefenceRun, inputs: Any) -> float:
    """How far the deployed weights and biases move the logits of the float network."""
    graph = parse_model(run.model, "defended")
    own = network_from_graph(graph)
    moved = run.original.with_parameters(own.weights, own.biases)
    return float(np.abs(logits(moved, inputs) - logits(run.original, inputs)).mean())


def test_activation_correction_undoes_a_drift_that_rounding_makes() -> None:
    """All weights just above a boundary: nearest rounding moves every one of them upwards."""
    grids = small_context().grids
    pushed = [
        np.where(np.abs(g.positions) > 126.5, g.positions, np.floor(g.positions) + 0.52)
        for g in grids
    ]
    weights = [p * g.spread_scales for p, g in zip(pushed, grids, strict=True)]
    drifting = shared_network().with_parameters(weights, shared_network().biases)
    inputs = samples_of(shared_network(), 64)
    plain = run_defence("dithered", drifting, inputs, settings={"width": 0.0})
    corrected = run_defence(
        "activation-correction", drifting, inputs, settings={"steps": 60, "batch": 10}
    )
    assert distance(corrected, inputs) < 0.8 * distance(plain, inputs)
