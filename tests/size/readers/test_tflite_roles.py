"""Roles of operators' inputs, against what the compiler supports."""

from qmcu.size.contents import Role
from qmcu.size.readers.tflite_roles import CONVERTERS, INPUTS


def test_layers_with_weights_have_them_in_second_place() -> None:
    for kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        assert INPUTS[kind] == {1: Role.WEIGHTS, 2: Role.BIASES}
    assert INPUTS["UNIDIRECTIONAL_SEQUENCE_LSTM"][12] is Role.BIASES
    assert not set(INPUTS) & set(CONVERTERS)
