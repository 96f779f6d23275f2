"""The int8 input of a classifier."""

import numpy as np
import pytest
from tests.support.small_models import dense, two_inputs
from tests.support.stateful_models import shift_register

from qmcu.backdoor.inputs.classifier import classifier_input, integer_inputs, refuse_state
from qmcu.errors import UnsupportedModelError, VectorError


def test_a_classifier_has_one_input_and_one_output() -> None:
    graph = dense()
    assert classifier_input(graph) is graph.input_tensors[0]
    with pytest.raises(UnsupportedModelError, match="2 inputs and 2 outputs"):
        classifier_input(two_inputs())


def test_real_inputs_are_quantized_and_others_refused() -> None:
    tensor = dense().input_tensors[0]
    rows = integer_inputs(np.zeros((3, *tensor.shape[1:]), np.float32), tensor)
    assert rows.shape == (3, *tensor.shape) and rows.dtype == np.int8
    assert tensor.quantization is not None
    assert np.all(rows == tensor.quantization.zero_point)
    with pytest.raises(VectorError, match="and these are"):
        integer_inputs(np.zeros((3, 99), np.float32), tensor)


def test_a_model_that_keeps_a_state_is_refused() -> None:
    refuse_state(dense())
    with pytest.raises(UnsupportedModelError, match="keeps a state"):
        refuse_state(shift_register())
