"""Other numbers in a .tflite file."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.grids.constants import write_constants
from qmcu.backdoor.grids.weight_grids import layer_grids
from qmcu.backdoor.networks.network import Network
from qmcu.errors import ModelError
from qmcu.model.convert import Conversion
from qmcu.model.reader import parse_model


def test_chosen_integers_are_the_ones_that_are_deployed(
    mixed_network: Network, mixed_conversion: Conversion
) -> None:
    grids = layer_grids(mixed_network, mixed_conversion.graph)
    chosen = {
        g.tensor: np.where(g.integers < 127, g.integers + 1, 0).astype(np.int8) for g in grids
    }
    changed = write_constants(mixed_conversion.model, chosen)
    assert len(changed) == len(mixed_conversion.model)
    before, after = mixed_conversion.graph, parse_model(changed, "changed")
    for index, tensor in enumerate(after.tensors):
        if index in chosen:
            np.testing.assert_array_equal(tensor.array, chosen[index])
        else:
            assert tensor.data == before.tensors[index].data


def test_weights_of_another_shape_are_refused(
    mixed_conversion: Conversion, mixed_network: Network
) -> None:
    tensor = layer_grids(mixed_network, mixed_conversion.graph)[0].tensor
    with pytest.raises(ModelError, match="same shape and dtype"):
        write_constants(mixed_conversion.model, {tensor: np.zeros((1, 1), np.int8)})
