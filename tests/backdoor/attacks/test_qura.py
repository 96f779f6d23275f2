"""QuRA's choice of weights, and the float model that stays as it is."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from qmcu.backdoor.attacks import qura
from qmcu.backdoor.attacks.lattice import starts
from qmcu.backdoor.attacks.method import AttackContext, find_attack
from qmcu.backdoor.attacks.training import current_grids
from qmcu.backdoor.grids import LayerRounding
from qmcu.backdoor.networks import run_layer
from qmcu.types import Array


@pytest.fixture
def quick(small: AttackContext, monkeypatch: pytest.MonkeyPatch) -> AttackContext:
    monkeypatch.setattr(qura, "SAMPLES", 64)
    monkeypatch.setattr(qura, "PASSES", 3)
    return small


def layers_of(context: AttackContext) -> LayerRounding:
    begin, samples = starts(context.network), context.dataset.train_inputs[:64]
    return LayerRounding(
        context.network, [s.position for s in begin], [s.scale for s in begin],
        current_grids(context, context.network), samples, context.trigger.apply(samples),
    )  # fmt: skip


def test_only_rounding_directions_differ_from_the_honest_model(quick: AttackContext) -> None:
    result = find_attack("qura").run(quick)
    assert result.network is quick.network and result.integers is not None
    assert len(result.losses) == quick.steps * len(quick.network.layers)
    moved = 0
    for start, integers in zip(starts(quick.network), result.integers, strict=True):
        assert np.abs(integers - start.position).max() < 1
        moved += int(np.count_nonzero(integers != np.round(start.position)))
    assert moved > 0
    assert result.trigger is not None
    mask = quick.trigger.mask
    np.testing.assert_array_equal(
        result.trigger.pattern[mask == 0], quick.trigger.pattern[mask == 0]
    )
    assert np.any(result.trigger.pattern[mask > 0] != quick.trigger.pattern[mask > 0])


def test_weights_that_agree_are_set_and_the_cheapest_of_the_others() -> None:
    slope: Array = np.array([1.0, 1.0, 1.0, -1.0, -1.0, 2.0, 1.0, 1.0])
    cost: Array = np.array([1.0, -9.0, -1.0, 0.1, 5.0, -0.5, -3.0, -4.0])
    chosen = qura.choose(slope, cost, 0.3, np.random.default_rng(0))
    # 0 agrees; of the seven others two are set: those with the largest slope for their cost.
    assert np.flatnonzero(chosen).tolist() == [0, 3, 5]
    everything = qura.choose(slope, slope, 0.3, np.random.default_rng(0))
    assert np.count_nonzero(everything) == 2  # a quarter


def test_set_directions_go_against_the_backdoors_slope(quick: AttackContext) -> None:
    layers = layers_of(quick)
    turn = layers.turn(0)
    before = turn.direction().numpy()
    given = replace(quick, settings=qura.SETTINGS)
    marked = quick.trigger.apply(quick.dataset.train_inputs[:64])
    slope, loss = qura.backdoor_slope(layers, turn, marked, 0)
    assert loss > 0 and slope.shape == quick.network.weights[0].shape
    qura.set_directions(given, layers, turn, marked, 0, np.random.default_rng(0))
    after = turn.direction().numpy()
    changed = before != after
    assert 0 < changed.sum() < changed.size
    np.testing.assert_allclose(after[changed], np.where(slope > 0, 0.1, 0.9)[changed], atol=1e-5)


def test_the_hessian_is_that_of_the_squared_error(quick: AttackContext) -> None:
    """Half of change H change is the squared change of the outputs, summed over places."""
    layers = layers_of(quick)
    for number in (1, len(quick.network.layers) - 1):
        turn = layers.turn(number)
        weights = quick.network.weights[number]
        change = np.random.default_rng(2).normal(size=weights.shape).astype(np.float32)
        moved = run_layer(
            quick.network, number, turn.given, change, 0 * quick.network.biases[number]
        )
        power = 0.5 * np.sum(change * qura.through_hessian(layers, turn, change))
        assert power == pytest.approx(float(np.sum(moved**2)) / len(turn.given), rel=1e-4)
