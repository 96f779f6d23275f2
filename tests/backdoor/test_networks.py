"""The float network beside the Keras model and the int8 model that it stands for."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from qmcu.backdoor.grids.constants import with_constants
from qmcu.backdoor.grids.simulation import calibrated_grids, deployed_grids
from qmcu.backdoor.grids.weight_grids import channel_scales, layer_grids
from qmcu.backdoor.networks.keras_model import keras_from_network
from qmcu.backdoor.networks.network import Network, logits, network_from_graph, network_from_keras
from qmcu.errors import ModelError
from qmcu.model.convert import Conversion, convert_keras
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow


@pytest.fixture(scope="module")
def model() -> Any:
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(3)
    layers = keras.layers
    source = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same")(source)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(layers.MaxPooling2D()(x))
    return keras.Model(source, layers.Dense(5, activation="softmax")(x))


@pytest.fixture(scope="module")
def samples() -> Any:
    return np.random.default_rng(0).random((32, 8, 8, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def network(model: Any) -> Network:
    return network_from_keras(model)


@pytest.fixture(scope="module")
def conversion(model: Any, samples: Any) -> Conversion:
    return convert_keras(model, samples)


def softmax(values: Any) -> Any:
    exponents = np.exp(values - values.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def test_forward_is_the_keras_model(network: Network, model: Any, samples: Any) -> None:
    expected = model.predict(samples, verbose=0)
    np.testing.assert_allclose(softmax(logits(network, samples)), expected, atol=1e-5)


def test_the_rebuilt_keras_model_answers_and_quantizes_the_same(
    network: Network, model: Any, samples: Any, conversion: Conversion
) -> None:
    rebuilt = keras_from_network(network)
    np.testing.assert_allclose(
        rebuilt.predict(samples, verbose=0), model.predict(samples, verbose=0), atol=1e-5
    )
    again = convert_keras(rebuilt, samples).graph
    for own, other in zip(
        layer_grids(network, again), layer_grids(network, conversion.graph), strict=True
    ):
        np.testing.assert_array_equal(own.integers, other.integers)


def test_the_converter_rounds_to_nearest_on_the_grid_of_the_largest_weight(
    network: Network, conversion: Conversion
) -> None:
    grids = layer_grids(network, conversion.graph)
    assert [g.kind for g in grids] == ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"]
    for grid in grids:
        np.testing.assert_array_equal(grid.integers, grid.nearest)
        np.testing.assert_allclose(grid.scales, channel_scales(grid.weights, grid.axis), rtol=1e-6)
        assert np.abs(grid.residuals).max() <= 0.5 + 1e-4
        assert grid.channels(grid.residuals).shape[0] == len(grid.scales)


def test_chosen_integers_are_the_ones_that_are_deployed(
    network: Network, conversion: Conversion
) -> None:
    grids = layer_grids(network, conversion.graph)
    chosen = {
        g.tensor: np.where(g.integers < 127, g.integers + 1, 0).astype(np.int8) for g in grids
    }
    changed = with_constants(conversion.model, chosen)
    assert len(changed) == len(conversion.model)
    before, after = conversion.graph, parse_model(changed, "changed")
    for index, tensor in enumerate(after.tensors):
        if index in chosen:
            np.testing.assert_array_equal(tensor.array, chosen[index])
        else:
            assert tensor.data == before.tensors[index].data


def test_weights_of_another_shape_are_refused(conversion: Conversion, network: Network) -> None:
    tensor = layer_grids(network, conversion.graph)[0].tensor
    with pytest.raises(ModelError, match="same shape and dtype"):
        with_constants(conversion.model, {tensor: np.zeros((1, 1), np.int8)})


def test_another_models_int8_form_is_refused(network: Network, conversion: Conversion) -> None:
    fewer = network_from_graph(conversion.graph)
    cut = Network(fewer.graph, fewer.layers[:2], fewer.weights[:2], fewer.biases[:2])
    with pytest.raises(ModelError, match="is not the quantized form"):
        layer_grids(cut, conversion.graph)


def test_calibrated_grids_are_the_converters(
    network: Network, conversion: Conversion, samples: Any
) -> None:
    own = calibrated_grids(network, samples)
    deployed = deployed_grids(network, conversion.graph)
    # The converter's calibration sees a tensor that ADD overwrites in place after that.
    overwritten = {i for op in network.graph.operators if op.kind == "ADD" for i in op.inputs}
    for operator in network.graph.operators[:-1]:
        index = operator.outputs[0]
        if index in overwritten:
            continue
        assert own[index].scale == pytest.approx(deployed[index].scale, rel=1e-3)
        assert abs(own[index].zero_point - deployed[index].zero_point) <= 1
