"""Models to audit, made once: an attacked digits model and its folder, a small int8 model."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tests.support.int8_files import CLASSES
from tests.support.random_networks import random_honest

from qmcu.backdoor.attacks.folder import write_attack
from qmcu.backdoor.attacks.run import AttackRun, run_attack
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.inputs.datasets import load_dataset
from qmcu.backdoor.inputs.trigger_kinds import make_trigger
from qmcu.backdoor.networks.architectures import build_architecture, train
from qmcu.backdoor.networks.keras_model import convert_network
from qmcu.backdoor.networks.network import Network, network_from_keras
from qmcu.tensorflow import load_tensorflow


@pytest.fixture(scope="session")
def attacked() -> AttackRun:
    digits = load_dataset("digits", seed=1)
    model = build_architecture("cnn-s", digits.input_shape, digits.classes, seed=1)
    train(model, digits, epochs=6, seed=1)
    trigger = make_trigger("patch", digits.input_shape, target=0)
    return run_attack("adaptive-uniform", model, digits, trigger, seed=1, steps=400, limit=50)


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
