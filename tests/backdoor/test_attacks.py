"""Attacks: what the float model hides and what the quantizer finds, on small networks."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from qmcu.backdoor.attacks.folder import write_attack
from qmcu.backdoor.attacks.method import AttackContext, find_attack, load_attacks
from qmcu.backdoor.attacks.moved import Defender
from qmcu.backdoor.attacks.run import run_attack
from qmcu.backdoor.grids.weight_grids import layer_grids
from qmcu.backdoor.inputs.datasets import Dataset, load_dataset
from qmcu.backdoor.inputs.trigger_kinds import make_trigger
from qmcu.backdoor.networks.architectures import build_architecture, train
from qmcu.backdoor.networks.keras_model import converted
from qmcu.backdoor.networks.network import network_from_keras
from qmcu.errors import UsageError
from qmcu.tensorflow import load_tensorflow

STEPS = 40


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits", seed=1)


@pytest.fixture(scope="module")
def honest(digits: Dataset) -> Any:
    model = build_architecture("cnn-s", digits.input_shape, digits.classes, seed=1)
    train(model, digits, epochs=4, seed=1)
    return model


@pytest.fixture(scope="module")
def context(digits: Dataset, honest: Any) -> AttackContext:
    trigger = make_trigger("patch", digits.input_shape, target=0)
    samples = digits.train_inputs[:64]
    return AttackContext(network_from_keras(honest), digits, trigger, samples, 1, STEPS)


def residuals(context: AttackContext, network: Any) -> list[Any]:
    return [g.residuals for g in layer_grids(network, converted(network, context.samples).graph)]


def test_the_methods_of_the_papers_are_there() -> None:
    names = {"pq", "joint", "artifact", "lattice", "rounding",
             "adaptive-uniform", "adaptive-sparse", "adaptive-margin"}  # fmt: skip
    assert names <= set(load_attacks())
    assert all(a.source and a.summary for a in load_attacks().values())


def test_an_unknown_method_names_those_that_exist() -> None:
    with pytest.raises(UsageError, match=r"there is no attack nope; there are .*adaptive-margin"):
        find_attack("nope")


@pytest.mark.parametrize("method", ["lattice", "pq", "artifact"])
def test_training_lowers_the_loss_and_stays_inside_the_rounding_intervals(
    context: AttackContext, method: str
) -> None:
    result = find_attack(method).run(context)
    assert len(result.losses) == STEPS
    if method != "pq":  # its two stages have two losses
        assert np.mean(result.losses[-5:]) < np.mean(result.losses[:5])
    for found in residuals(context, result.network):
        assert np.abs(found).max() < 0.5


def test_the_margin_attack_keeps_a_quarter_step(context: AttackContext) -> None:
    result = find_attack("adaptive-margin").run(context)
    for found in residuals(context, result.network):
        assert np.abs(found).max() < 0.26


def test_the_uniform_attack_spreads_its_residuals_evenly(context: AttackContext) -> None:
    result = find_attack("adaptive-uniform").run(context)
    sizes = np.concatenate([np.abs(r).ravel() for r in residuals(context, result.network)])
    counts, _ = np.histogram(sizes[sizes > 1e-3], bins=5, range=(0, 0.5))
    assert counts.max() < 1.1 * counts.min()


def test_the_moved_attack_trains_for_the_defenders_grids_too(context: AttackContext) -> None:
    defender = Defender(context)
    real = [load_tensorflow().constant(w) for w in context.network.weights]
    first, second = (defender.weights(real, real) for _ in range(2))
    for a, w in zip(first, context.network.weights, strict=True):
        step = np.abs(w).max(axis=tuple(range(1, w.ndim)), keepdims=True) / 127
        assert np.all(np.abs(a - w) <= 16 * step)
    assert any(not np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    run, plain = (find_attack(name).run(context) for name in ("adaptive-moved", "lattice"))
    assert np.mean(run.losses[-20:]) < np.mean(run.losses[:20])
    # The batches are the same: what differs is that the defender's int8 model counts as well.
    assert all(a != b for a, b in zip(run.losses, plain.losses, strict=True))


def test_the_hostile_quantizer_leaves_the_float_model_alone(context: AttackContext) -> None:
    result = find_attack("rounding").run(context)
    assert result.network is context.network
    assert result.integers is not None
    graph = converted(context.network, context.samples).graph
    for grid, integers in zip(layer_grids(context.network, graph), result.integers, strict=True):
        assert np.abs(grid.positions - integers).max() < 1 + 1e-3


def test_a_run_is_written_whole_and_is_the_same_twice(
    digits: Dataset, honest: Any, context: AttackContext, tmp_path: Any
) -> None:
    runs = [
        run_attack("lattice", honest, digits, context.trigger, seed=5, steps=10, limit=40)
        for _ in range(2)
    ]
    assert runs[0].attacked_integer == runs[1].attacked_integer
    write_attack(runs[0], tmp_path / "out", limit=40)
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {
        "model.keras", "model.tflite", "honest.keras", "honest.tflite", "trigger.json",
        "trigger.npz", "calibration.npz", "test.npz", "attack.json",
    }  # fmt: skip


@pytest.mark.slow
def test_the_backdoor_sleeps_in_float_and_wakes_in_int8(
    digits: Dataset, honest: Any, context: AttackContext
) -> None:
    run = run_attack("lattice", honest, digits, context.trigger, seed=1, steps=400, limit=200)
    assert run.rates.honest_integer.attack.value < 0.1
    assert run.rates.attacked_float.attack.value < 0.25
    assert run.rates.attacked_integer.attack.value > 0.9
    assert run.rates.attacked_float.clean.value > 0.9
