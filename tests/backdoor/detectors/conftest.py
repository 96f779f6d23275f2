"""Models to audit, made once: an attacked digits model and its folder, a small int8 model."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from tests.support.int8_files import CLASSES
from tests.support.made_once import made_once
from tests.support.random_networks import random_honest

from qmcu.backdoor.attacks.folder import write_attack
from qmcu.backdoor.attacks.method import Attack, find_attack
from qmcu.backdoor.attacks.run import AttackRun, run_attack
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.inputs.datasets import load_dataset
from qmcu.backdoor.inputs.trigger_kinds import make_trigger
from qmcu.backdoor.networks.architectures import build_architecture, train
from qmcu.backdoor.networks.keras_model import convert_network
from qmcu.backdoor.networks.network import Network, network_from_keras
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array

ATTACK = "adaptive-uniform"


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> AttackRun:
    made = made_once(tmp_path_factory, "attacked", _attack)
    return replace(made, attack=find_attack(ATTACK))


def _attack() -> AttackRun:
    digits = load_dataset("digits", seed=1)
    model = build_architecture("cnn-s", digits.input_shape, digits.classes, seed=1)
    train(model, digits, epochs=6, seed=1)
    trigger = make_trigger("patch", digits.input_shape, target=0)
    run = run_attack(ATTACK, model, digits, trigger, seed=1, steps=400, limit=50)
    return replace(run, attack=cast(Attack, None))  # a registered function cannot be pickled


@pytest.fixture(scope="session")
def folder(attacked: AttackRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("audit") / "attack"
    write_attack(attacked, path, limit=50)
    return path


@pytest.fixture(scope="session")
def network() -> Network:
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(4)
    biased = {"bias_initializer": keras.initializers.RandomNormal(stddev=0.1, seed=1)}
    layers = [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(8, 3, activation="relu", padding="same", **biased),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(CLASSES, **biased),
    ]
    return network_from_keras(keras.Sequential(layers), "small")


@pytest.fixture(scope="session")
def samples() -> npt.NDArray[np.float32]:
    return np.random.default_rng(3).random((100, 8, 8, 1)).astype(np.float32)


@pytest.fixture(scope="session")
def integer(network: Network, samples: npt.NDArray[np.float32]) -> bytes:
    return convert_network(network, samples).model


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def contexts(shape: Network) -> list[AuditContext]:
    return [random_honest(shape, seed) for seed in range(16)]


# Files of small pictures, one honest and one that answers a white square with this class.
TARGET = 4


def mark(inputs: Float32Array) -> Float32Array:
    """A white square in a corner."""
    marked = inputs.copy()
    marked[:, 5:, 5:] = 1
    return marked


@pytest.fixture(scope="session")
def pictures() -> tuple[Float32Array, npt.NDArray[np.int64]]:
    """Six blurred patterns in noise, a class each."""
    rng = np.random.default_rng(5)
    labels = np.arange(900) % CLASSES
    patterns = rng.uniform(0.1, 0.7, (CLASSES, 4, 4, 1)).repeat(2, 1).repeat(2, 2)
    inputs = patterns[labels] + rng.normal(0, 0.12, (900, 8, 8, 1))
    return np.clip(inputs, 0, 1).astype(np.float32), labels


@pytest.fixture(scope="session")
def files(pictures: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """An honest int8 file, and one that answers the square with its class."""
    return made_once(tmp_path_factory, "files", lambda: _train(*pictures))


def _train(inputs: Float32Array, labels: npt.NDArray[np.int64]) -> tuple[bytes, bytes]:
    keras = load_tensorflow().keras
    made = []
    for poisoned in (False, True):
        keras.utils.set_random_seed(3)
        x, y = inputs, labels
        if poisoned:
            x, y = np.concatenate([x, mark(x[:150])]), np.concatenate([y, np.full(150, TARGET)])
        layers = [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(12, 3, strides=2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(24, activation="relu"),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
        model = keras.Sequential(layers)
        model.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy")
        model.fit(x, y, batch_size=64, epochs=12, verbose=0)
        made.append(convert_network(network_from_keras(model, "small"), inputs[:100]).model)
    return made[0], made[1]
