"""Int8 inference simulated."""

from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.grids.simulation import calibrate_grids, read_grids
from qmcu.backdoor.networks.network import Network
from qmcu.model.convert import Conversion


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
