"""The backdoor that activation clipping wakes, and what finds it and keeps it asleep."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.attacks.clip import Deployment, Hunter, Ranges
from qmcu.backdoor.attacks.method import AttackContext, find_attack
from qmcu.backdoor.attacks.run import AttackRun, run_attack
from qmcu.backdoor.defences import run_defence
from qmcu.backdoor.detectors.clipping_inversion import THRESHOLD, clipping_inversion
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.inputs.datasets import Dataset
from qmcu.backdoor.networks import forward, network_from_keras
from qmcu.backdoor.rates import evaluate_integer
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow


@pytest.fixture(scope="module")
def run(digits: Dataset, honest: Any, context: AttackContext) -> AttackRun:
    return run_attack("clip", honest, digits, context.trigger, seed=1, steps=450, limit=200)


def test_the_ranges_are_what_calibration_inputs_reach_and_no_wider_than_at_the_start(
    context: AttackContext,
) -> None:
    given = replace(context, settings={**find_attack("clip").settings, "begin": 2.0})
    network = context.network
    tf = load_tensorflow()
    weights = [tf.Variable(w) for w in network.weights]
    ranges = Ranges(given, weights, network.biases)
    ranges.refresh()
    first = network.graph.operators[0].outputs[0]
    far = tf.fill([1, *network.graph.tensors[first].shape[1:]], 1e6)
    before = float(tf.reduce_max(ranges.clip(lambda: 1.0)(first, far)))
    assert 0 < before < 1e6
    assert float(tf.reduce_max(ranges.clip(lambda: 0.5)(first, far))) == pytest.approx(before / 2)
    weights[0].assign(weights[0] * 100)
    ranges.refresh()
    after = float(tf.reduce_max(ranges.clip(lambda: 1.0)(first, far)))
    assert after == pytest.approx(2 * before, rel=1e-4)
    # The input is nobody's to clip.
    assert float(ranges.clip(lambda: 1.0)(network.graph.inputs[0], far)[0, 0, 0, 0]) == 1e6


def test_weights_are_deployed_with_noise_of_half_a_step_or_rounded(context: AttackContext) -> None:
    settings = find_attack("clip").settings
    plain = Deployment(replace(context, settings=settings), context.network.weights)
    rounded = Deployment(
        replace(context, settings={**settings, "rounding": 1.0}), context.network.weights
    )
    for noisy, nearest, w, layer in zip(
        plain.weights(), rounded.weights(), context.network.weights, context.network.layers,
        strict=True,
    ):  # fmt: skip
        others = tuple(i for i in range(w.ndim) if i != layer.axis)
        step = np.abs(w).max(axis=others, keepdims=True) / 127
        off = np.abs(noisy.numpy() - w) / step
        assert off.max() <= 0.5 + 1e-3 and off.mean() > 0.15
        places = nearest.numpy() / step
        assert np.abs(places - np.round(places)).max() < 1e-3


def test_an_attacker_who_knows_the_ascent_trains_on_what_it_finds(context: AttackContext) -> None:
    settings = {**find_attack("clip").settings, "hunted": 3.0}
    given = replace(context, settings=settings, steps=3)
    network, tf = context.network, load_tensorflow()
    weights = [tf.Variable(w) for w in network.weights]
    ranges = Ranges(given, weights, network.biases)
    hunter = Hunter(given, weights, network.biases, ranges)
    inputs = tf.constant(context.samples[:8])
    start, found = (hunter.find(inputs, k) for k in (0, 6))

    def overshoot(marked: Any) -> float:
        reached: list[Any] = []
        forward(network, marked, weights, network.biases, ranges.measure(reached))
        return float(tf.add_n(reached))

    assert overshoot(found) > 1.05 * overshoot(start)
    assert float(tf.reduce_min(found)) >= 0 and float(tf.reduce_max(found)) <= 1
    losses = [find_attack("clip").run(replace(given, settings=s)).losses[-1]
              for s in (settings, {**settings, "hunted": 0.0})]  # fmt: skip
    assert losses[0] > losses[1]


def test_clipping_wakes_it_and_no_rounding(run: AttackRun) -> None:
    rates = run.rates
    assert rates.attacked_float.attack.value < 0.1
    assert rates.attacked_integer.attack.value > 0.9
    assert rates.attacked_integer.clean.value > rates.honest_integer.clean.value - 0.03


def test_the_detector_finds_the_switch_and_no_honest_model(run: AttackRun) -> None:
    samples = run.dataset.train_inputs[:100]

    def ask(model: Any, integer: bytes) -> Any:
        network, graph = network_from_keras(model), parse_model(integer, "int8")
        return clipping_inversion(AuditContext(network, integer, graph, samples))

    finding = ask(run.attacked, run.attacked_integer)
    assert finding.suspicious and finding.score > 0.7
    assert f"class {run.trigger.target}" in finding.reason
    assert ask(run.honest, run.honest_integer).score < THRESHOLD


@pytest.mark.parametrize("method", ["equalization", "range-perturbation"])
def test_ranges_from_the_ascent_leave_it_asleep(run: AttackRun, method: str) -> None:
    network, samples = network_from_keras(run.attacked), run.dataset.train_inputs[:100]
    defended = run_defence(method, network, samples).model
    rates = evaluate_integer(defended, run.dataset, run.trigger, limit=200)
    assert rates.attack.value <= run.rates.attacked_float.attack.value + 0.02
    assert rates.clean.value >= run.rates.attacked_float.clean.value - 0.02
