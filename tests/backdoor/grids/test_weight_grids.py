"""Where float weights lie on the grid of their int8 form."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.grids.weight_grids import channel_scales, layer_grids
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
