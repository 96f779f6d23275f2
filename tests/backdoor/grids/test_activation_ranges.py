"""Other ranges in a converted file."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tests.support.pooled_networks import first_tensor, pooled_inputs, pooled_network

from qmcu.backdoor.grids.activation_ranges import write_ranges
from qmcu.backdoor.grids.constants import write_zero_points
from qmcu.backdoor.grids.simulation import grid_of, pair_tensors
from qmcu.backdoor.networks import convert_network, weighted_layers
from qmcu.backdoor.rates import predict_integer
from qmcu.errors import ModelError
from qmcu.model.reader import parse_model


def test_a_range_takes_the_pool_and_the_next_biases_along_and_nothing_else() -> None:
    network = pooled_network(switch=False)
    biased = network.with_parameters(
        network.weights, [network.biases[0], np.array([0.3, -0.2], np.float32)]
    )
    given = pooled_inputs()
    made = convert_network(biased, given)
    first = pair_tensors(biased, made.graph)[first_tensor(biased)]
    wide = write_ranges(made.model, {first: (0.0, 2.0)})
    assert len(wide) == len(made.model)
    before, after = made.graph, parse_model(wide, "wide")
    pool = next(op for op in after.operators if op.kind == "AVERAGE_POOL_2D")
    dense = weighted_layers(after)[-1]
    assert dense.bias is not None
    grid = grid_of(0.0, 2.0)
    moved = {pool.inputs[0], *pool.outputs, dense.bias}
    for op in after.operators:  # the dense layer may read the means through a view
        moved |= {*op.outputs} if op.kind == "RESHAPE" else set()
    for old, new in zip(before.tensors, after.tensors, strict=True):
        if new.index not in moved:
            assert new == old
        elif new.index != dense.bias:
            assert new.quantization is not None and new.data == old.data
            assert (new.quantization.scale, new.quantization.zero_point) == (
                float(np.float32(grid.scale)), grid.zero_point,
            )  # fmt: skip
    bias, weights = after.tensors[dense.bias], after.tensors[dense.weights]
    assert bias.quantization is not None and weights.quantization is not None
    steps = np.float32(grid.scale) * np.array(weights.quantization.scales, np.float32)
    assert np.array_equal(np.array(bias.quantization.scales, np.float32), steps)
    np.testing.assert_allclose(bias.real, [0.3, -0.2], atol=float(steps.max()))
    assert (predict_integer(wide, given) == predict_integer(made.model, given)).all()


def test_a_narrower_range_clips() -> None:
    network, given = pooled_network(switch=False), pooled_inputs()
    made = convert_network(network, given)
    first = pair_tensors(network, made.graph)[first_tensor(network)]
    narrow = write_ranges(made.model, {first: (0.0, 0.01)})
    assert len(np.unique(predict_integer(made.model, given))) == 2
    assert len(np.unique(predict_integer(narrow, given))) == 1


def test_a_tensor_without_a_zero_point_is_refused() -> None:
    made = convert_network(pooled_network(switch=False), pooled_inputs())
    weights = weighted_layers(made.graph)[0].weights
    with pytest.raises(ModelError, match="no zero point of its own"):
        write_zero_points(made.model, {weights: 1})
