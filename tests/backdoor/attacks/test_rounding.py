"""The hostile quantizer."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.attacks.method import AttackContext, find_attack
from qmcu.backdoor.grids.weight_grids import layer_grids
from qmcu.backdoor.networks.keras_model import convert_network


def test_the_hostile_quantizer_leaves_the_float_model_alone(context: AttackContext) -> None:
    result = find_attack("rounding").run(context)
    assert result.network is context.network
    assert result.integers is not None
    graph = convert_network(context.network, context.samples).graph
    for grid, integers in zip(layer_grids(context.network, graph), result.integers, strict=True):
        assert np.abs(grid.positions - integers).max() < 1 + 1e-3
