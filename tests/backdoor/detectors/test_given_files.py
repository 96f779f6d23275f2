"""Detectors that read the int8 file: ranges, biases, margins, patches; honest and tampered ones."""

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")

from qmcu.backdoor.detectors.calibration_ranges import calibration_ranges
from qmcu.backdoor.detectors.maximum_margin import maximum_margin
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.rounding_choice import rounding_choice
from qmcu.backdoor.detectors.trigger_size import trigger_size
from qmcu.backdoor.grids.constants import with_constants
from qmcu.backdoor.networks.keras_model import converted
from qmcu.backdoor.networks.network import Network, network_from_keras, weighted_layers
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow

CLASSES = 6


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def samples() -> npt.NDArray[np.float32]:
    return np.random.default_rng(3).random((100, 8, 8, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def integer(network: Network, samples: npt.NDArray[np.float32]) -> bytes:
    return converted(network, samples).model


def given(network: Network | None, integer: bytes, samples: object) -> AuditContext:
    graph = parse_model(integer, "small")
    return AuditContext(network, integer, graph, samples)  # type: ignore[arg-type]


def shifted_bias(integer: bytes, steps: int) -> bytes:
    """The last layer's bias for class 2, `steps` int32 steps higher."""
    graph = parse_model(integer, "small")
    bias = weighted_layers(graph)[-1].bias
    assert bias is not None
    values = graph.tensors[bias].array.copy()
    values[2] += steps
    return with_constants(integer, {bias: values})


def test_ranges_that_fit_their_data(
    network: Network, integer: bytes, samples: npt.NDArray[np.float32]
) -> None:
    fresh = np.random.default_rng(8).random((100, 8, 8, 1)).astype(np.float32)
    for model in (network, None):
        found = calibration_ranges(given(model, integer, fresh))
        assert not found.suspicious
        assert found.p_value is not None and found.p_value > 0.01


def test_ranges_that_are_too_narrow_or_too_wide(
    network: Network, integer: bytes, samples: npt.NDArray[np.float32]
) -> None:
    narrow = calibration_ranges(given(network, integer, 2 * samples))
    assert narrow.suspicious and narrow.p_value is not None and narrow.p_value < 1e-9
    assert narrow.details["input left by"] > 0.9
    wide = calibration_ranges(given(network, converted(network, 8 * samples).model, samples))
    assert wide.suspicious and wide.details["input width"] == pytest.approx(8, rel=0.05)
    assert wide.p_value == 1.0


def test_an_honest_converter_rounds_weights_and_biases_to_nearest(
    network: Network, integer: bytes
) -> None:
    assert not rounding_choice(given(network, integer, None)).suspicious


def test_a_bias_and_a_weight_that_no_rounding_made(network: Network, integer: bytes) -> None:
    found = rounding_choice(given(network, shifted_bias(integer, 3), None))
    assert found.suspicious and found.details["biases"] == pytest.approx(1 / (8 + CLASSES))
    graph = parse_model(integer, "small")
    index = weighted_layers(graph)[1].weights
    values = graph.tensors[index].array.copy()
    values[0, :9] = np.where(values[0, :9] > 0, values[0, :9] - 2, values[0, :9] + 2)
    far = rounding_choice(given(network, with_constants(integer, {index: values}), None))
    assert far.suspicious and far.details["more than a step"] > 0


def test_a_class_that_everything_leads_to_stands_out_in_int8_alone(
    integer: bytes, samples: npt.NDArray[np.float32]
) -> None:
    graph = parse_model(integer, "small")
    bias = graph.tensors[weighted_layers(graph)[-1].bias or 0]
    assert bias.quantization is not None
    step = bias.quantization.scales[0]
    tilted = given(None, shifted_bias(integer, int(20 / step)), samples)
    honest, found = maximum_margin(given(None, integer, None)), maximum_margin(tilted)
    assert found.suspicious and "class 2" in found.reason and not honest.suspicious
    assert found.p_value is not None and honest.p_value is not None
    assert found.p_value < 0.01 < honest.p_value
    patch = trigger_size(tilted)
    assert min(patch.details, key=lambda k: patch.details[k]) == "class 2"
