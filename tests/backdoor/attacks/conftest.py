"""A digits model, trained once, and what every attack on it is given."""

from typing import Any

import pytest
from tests.support.small_networks import small_network

from qmcu.backdoor.attacks.method import AttackContext
from qmcu.backdoor.inputs.datasets import Dataset, load_dataset
from qmcu.backdoor.inputs.trigger_kinds import make_trigger
from qmcu.backdoor.networks.architectures import build_architecture, train
from qmcu.backdoor.networks.network import network_from_keras

STEPS = 40


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return load_dataset("digits", seed=1)


@pytest.fixture(scope="session")
def honest(digits: Dataset) -> Any:
    model = build_architecture("cnn-s", digits.input_shape, digits.classes, seed=1)
    train(model, digits, epochs=4, seed=1)
    return model


@pytest.fixture(scope="session")
def context(digits: Dataset, honest: Any) -> AttackContext:
    trigger = make_trigger("patch", digits.input_shape, target=0)
    samples = digits.train_inputs[:64]
    return AttackContext(network_from_keras(honest), digits, trigger, samples, 1, STEPS)


@pytest.fixture(scope="session")
def small(digits: Dataset) -> AttackContext:
    """A few steps on a network with random weights: for how a method works, not how well."""
    trigger = make_trigger("patch", digits.input_shape, target=0)
    return AttackContext(small_network(), digits, trigger, digits.train_inputs[:64], 1, 4)
