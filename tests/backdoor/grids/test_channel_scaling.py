"""Cross-layer equalization: which channels may be scaled, and that the function stays."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tests.support.pooled_networks import first_tensor, pooled_network
from tests.support.small_networks import samples_of, small_network

from qmcu.backdoor.grids.channel_scaling import (
    channel_groups,
    moved_layers,
    range_factors,
    rescale,
    rescale_like,
    rescale_limits,
)
from qmcu.backdoor.grids.overshoot import clean_ends
from qmcu.backdoor.grids.weight_grids import layer_grids
from qmcu.backdoor.networks import convert_network
from qmcu.backdoor.networks.network import Network, logits, network_from_keras
from qmcu.tensorflow import load_tensorflow


def built(build: Any, shape: tuple[int, ...] = (8, 8, 1)) -> Network:
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(3)
    source = keras.Input(shape)
    return network_from_keras(keras.Model(source, build(keras.layers, source)), "built")


def halves(network: Network) -> Network:
    """Every channel of every group divided by another factor from 1/2 to 1."""
    groups, rng = channel_groups(network), np.random.default_rng(0)
    return rescale(network, groups, [rng.uniform(0.5, 1, g.channels) for g in groups])


def same(network: Network, other: Network) -> bool:
    inputs = samples_of(network, 16)
    return np.allclose(logits(network, inputs), logits(other, inputs), rtol=1e-4, atol=1e-5)


def test_a_residual_stream_is_one_group_and_the_function_stays() -> None:
    network = small_network()
    groups = channel_groups(network)
    assert [g.channels for g in groups] == [4]
    assert moved_layers(network, groups) == (False, True, True)
    other = halves(network)
    assert same(network, other)
    assert not np.allclose(network.weights[2], other.weights[2], rtol=0.1)


@pytest.mark.parametrize("per_tensor", [False, True])
def test_a_file_of_equalized_layers_is_known_by_its_weights(per_tensor: bool) -> None:
    network = small_network()
    groups, rng = channel_groups(network), np.random.default_rng(1)
    equalized = rescale(network, groups, [rng.uniform(0.2, 5, g.channels) for g in groups])
    samples = samples_of(network, 16)
    graph = convert_network(equalized, samples, per_tensor=per_tensor).graph
    made = rescale_like(network, layer_grids(network, graph))
    assert same(network, made)
    assert max(np.abs(g.residuals).max() for g in layer_grids(network, graph)) > 5
    # One scale a tensor says nothing of a channel's own.
    assert max(np.median(np.abs(g.residuals)) for g in layer_grids(made, graph)) < 0.6
    if not per_tensor:
        assert max(np.abs(g.residuals).max() for g in layer_grids(made, graph)) < 0.51


def test_flattened_channels_and_depthwise_layers_keep_the_function() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Conv2D(4, 3, activation="relu")(x)
        x = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
        x = layers.Flatten()(layers.MaxPooling2D(2)(x))
        return layers.Softmax()(layers.Dense(5)(x))

    network = built(build)
    groups = channel_groups(network)
    assert [g.channels for g in groups] == [4, 4]
    assert moved_layers(network, groups) == (False, False, True)
    assert same(network, halves(network))


@pytest.mark.parametrize("activation", ["relu6", "sigmoid"])
def test_what_is_not_homogeneous_is_not_scaled(activation: str) -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Conv2D(4, 3, activation=activation)(x)
        x = layers.Conv2D(4, 3, activation="relu")(x)
        return layers.Dense(3)(layers.GlobalAveragePooling2D()(x))

    network = built(build)
    assert len(channel_groups(network)) == 1
    assert moved_layers(network, channel_groups(network)) == (False, False, True)
    assert same(network, halves(network))


def test_a_multiplier_blocks_its_input() -> None:
    def build(layers: Any, x: Any) -> Any:
        x = layers.Conv2D(3, 3, activation="relu")(x)
        x = layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu")(x)
        return layers.Dense(3)(layers.GlobalAveragePooling2D()(x))

    network = built(build)
    assert [g.channels for g in channel_groups(network)] == [6]
    assert same(network, halves(network))


def test_factors_level_the_ranges_of_the_channels() -> None:
    network = small_network()
    inputs, groups = samples_of(network, 64), channel_groups(network)
    factors = range_factors(network, groups, inputs)
    assert all(e.max() == 1 and e.min() >= 1 / 16 for e in factors)
    levelled = rescale(network, groups, factors)
    assert all(np.allclose(e, 1, atol=1e-5) for e in range_factors(levelled, groups, inputs))


def test_limits_follow_the_channels() -> None:
    network = small_network()
    groups, inputs, rng = channel_groups(network), samples_of(network), np.random.default_rng(0)
    factors = [rng.uniform(0.2, 1, g.channels) for g in groups]
    scaled, ends = rescale(network, groups, factors), clean_ends(network, inputs)
    ends = {i: ends[i] for i in groups[0].tensors}
    # Limits that nothing reaches beyond are what the scaled network reaches.
    found = rescale_limits(network, groups, factors, inputs, ends)
    for index, pair in clean_ends(scaled, inputs).items():
        if index in ends:
            np.testing.assert_allclose(found[index], pair, rtol=1e-4, atol=1e-6)
    # A limit near nothing is divided by the smallest factor that a channel has.
    index, small = groups[0].tensors[0], 1e-4
    low, high = rescale_limits(network, groups, factors, inputs, {index: (-small, small)})[index]
    assert low == 0 and high == pytest.approx(small / factors[0].min(), rel=1e-3)


def test_factors_count_no_more_than_the_limits() -> None:
    network = pooled_network(switch=False)
    groups, inputs = channel_groups(network), samples_of(network)
    assert range_factors(network, groups, inputs)[0].min() < 0.1
    limits = {first_tensor(network): (0.0, 0.5)}
    assert np.allclose(range_factors(network, groups, inputs, limits=limits)[0], 1)
