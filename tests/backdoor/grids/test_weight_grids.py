"""Where float weights lie on the grid of their int8 form."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.grids.weight_grids import (
    LARGEST,
    LARGEST_INT4,
    LayerGrid,
    another_training,
    channel_scales,
    layer_grids,
)
from qmcu.backdoor.networks.network import Network, network_from_graph
from qmcu.errors import ModelError
from qmcu.model.convert import Conversion


def test_the_converter_rounds_to_nearest_on_the_grid_of_the_largest_weight(
    mixed_network: Network, mixed_conversion: Conversion
) -> None:
    grids = layer_grids(mixed_network, mixed_conversion.graph)
    assert [g.kind for g in grids] == ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"]
    for grid in grids:
        np.testing.assert_array_equal(grid.integers, grid.nearest)
        np.testing.assert_allclose(grid.scales, channel_scales(grid.weights, grid.axis), rtol=1e-6)
        assert np.abs(grid.residuals).max() <= 0.5 + 1e-4
        assert grid.channels(grid.residuals).shape[0] == len(grid.scales)


def test_another_models_int8_form_is_refused(
    mixed_network: Network, mixed_conversion: Conversion
) -> None:
    fewer = network_from_graph(mixed_conversion.graph)
    cut = Network(fewer.graph, fewer.layers[:2], fewer.weights[:2], fewer.biases[:2])
    with pytest.raises(ModelError, match="is not the quantized form"):
        layer_grids(cut, mixed_conversion.graph)


def _deployed(seed: int, per_tensor: bool = False, largest: int = LARGEST) -> LayerGrid:
    """A layer as a converter leaves it."""
    weights = np.random.default_rng(seed).normal(size=(8, 60)).astype(np.float32)
    widest = np.abs(weights).max(axis=None if per_tensor else 1).reshape(-1)
    scales = (widest / largest).astype(np.float64)
    empty = np.zeros(weights.shape, np.int8)
    grid = LayerGrid("layer", "FULLY_CONNECTED", 1, 0, scales, weights, empty, largest)
    return replace(grid, integers=grid.nearest)


@pytest.mark.parametrize("largest", [LARGEST, LARGEST_INT4])
@pytest.mark.parametrize("per_tensor", [False, True])
def test_float_weights_that_were_trained_on(per_tensor: bool, largest: int) -> None:
    grid = _deployed(1, per_tensor, largest)
    assert another_training(grid) == 0.0
    rng = np.random.default_rng(2)
    step = grid.spread_scales
    for steps in (0.5, 1.0, 3.0):
        # The largest moves for certain where all weights share a scale.
        moved = grid.weights * 1.01 + steps * step * rng.choice([-1, 1], grid.weights.shape)
        share = another_training(replace(grid, weights=moved.astype(np.float32)))
        assert share > 0.2, steps


def test_what_else_is_not_nearest_is_no_training() -> None:
    grid = _deployed(3)
    step = grid.spread_scales
    rng = np.random.default_rng(4)
    # Directions that were chosen, on the scales of the weights.
    other = np.clip(grid.integers + np.sign(grid.residuals), -LARGEST, LARGEST)
    chosen = np.where(rng.random(other.shape) < 0.4, other, grid.integers).astype(np.int8)
    assert another_training(replace(grid, integers=chosen)) == 0.0
    # Scales that are wider, or cut off what is large: weights beyond the last integer have it.
    for factor in (1.03, 0.6):
        scaled = replace(grid, scales=grid.scales * factor)
        assert another_training(replace(scaled, integers=scaled.nearest)) == 0.0
    # Scales of some channels that somebody edited, and weights that he set.
    doubled = np.where(np.arange(8) < 4, 2.0, 1.0)
    assert another_training(replace(grid, scales=grid.scales * doubled)) == 0.0
    edited = grid.integers.copy()
    edited[:, :5] = LARGEST
    assert another_training(replace(grid, integers=edited)) == 0.0
    assert another_training(replace(grid, weights=(grid.weights + 0.01 * step).astype("f4"))) == 0.0
