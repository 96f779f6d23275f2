"""The size of the patch that leads to each class."""

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.int8_files import audited_file, shift_bias

from qmcu.backdoor.detectors.trigger_size import trigger_size
from qmcu.backdoor.networks.network import weighted_layers
from qmcu.model.reader import parse_model


def test_a_class_that_everything_leads_to_needs_the_smallest_patch(
    integer: bytes, samples: npt.NDArray[np.float32]
) -> None:
    graph = parse_model(integer, "small")
    bias = graph.tensors[weighted_layers(graph)[-1].bias or 0]
    assert bias.quantization is not None
    step = bias.quantization.scales[0]
    patch = trigger_size(audited_file(None, shift_bias(integer, int(20 / step)), samples))
    assert patch.details["target"] == 2 and patch.details["integers sent to the target"] == 1
    assert patch.suspicious
    alone = trigger_size(audited_file(None, shift_bias(integer, int(20 / step)), None))
    assert alone.details["target"] == 2
