"""Int8 inference simulated."""

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.grids.simulation import calibrate_grids, read_grids
from qmcu.backdoor.networks.network import Network
from qmcu.errors import ModelError
from qmcu.model.convert import Conversion
from qmcu.model.graph import Operator


def test_calibrated_grids_are_the_converters(
    mixed_network: Network, mixed_conversion: Conversion, mixed_samples: Any
) -> None:
    own = calibrate_grids(mixed_network, mixed_samples)
    deployed = read_grids(mixed_network, mixed_conversion.graph)
    # The converter's calibration sees a tensor that ADD overwrites in place after that.
    overwritten = {i for op in mixed_network.graph.operators if op.kind == "ADD" for i in op.inputs}
    for operator in mixed_network.graph.operators[:-1]:
        index = operator.outputs[0]
        if index in overwritten:
            continue
        assert own[index].scale == pytest.approx(deployed[index].scale, rel=1e-3)
        assert abs(own[index].zero_point - deployed[index].zero_point) <= 1


def test_a_reshape_that_one_file_lacks_is_no_other_network(
    mixed_network: Network, mixed_conversion: Conversion
) -> None:
    graph = mixed_conversion.graph
    last = graph.operators[-1]
    flat = graph.tensors[last.inputs[0]]
    copy = replace(flat, index=len(graph.tensors), name="flat")
    reshape = Operator(last.index, "RESHAPE", (flat.index,), (copy.index,), {}, 1)
    moved = replace(last, index=last.index + 1, inputs=(copy.index, *last.inputs[1:]))
    other = replace(
        graph, tensors=(*graph.tensors, copy), operators=(*graph.operators[:-1], reshape, moved)
    )
    assert read_grids(mixed_network, other) == read_grids(mixed_network, graph)
    swapped = replace(graph, operators=graph.operators[::-1])
    with pytest.raises(ModelError, match="not the same network"):
        read_grids(mixed_network, swapped)
