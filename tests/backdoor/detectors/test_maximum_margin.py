"""A class that everything leads to."""

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.int8_files import audited_file, shift_bias

from qmcu.backdoor.detectors.maximum_margin import maximum_margin
from qmcu.backdoor.networks.network import weighted_layers
from qmcu.model.reader import parse_model


def test_a_class_that_everything_leads_to_stands_out_in_int8_alone(
    integer: bytes, samples: npt.NDArray[np.float32]
) -> None:
    graph = parse_model(integer, "small")
    bias = graph.tensors[weighted_layers(graph)[-1].bias or 0]
    assert bias.quantization is not None
    step = bias.quantization.scales[0]
    tilted = audited_file(None, shift_bias(integer, int(20 / step)), samples)
    honest, found = maximum_margin(audited_file(None, integer, None)), maximum_margin(tilted)
    assert found.suspicious and "class 2" in found.reason and not honest.suspicious
    assert found.p_value is not None and honest.p_value is not None
    assert found.p_value < 0.01 < honest.p_value
