"""Scores to classes by one rule."""

import numpy as np

from qmcu.model.decision import decide, decide_integer, rule_of
from qmcu.model.graph import Quantization, Tensor


def test_several_outputs_are_decided_by_the_largest_the_first_of_equal_ones() -> None:
    assert decide(np.array([[1.0, 3, 3], [2, 0, 1]])).tolist() == [1, 0]
    assert rule_of(3) == "argmax"


def test_one_output_is_decided_at_a_half() -> None:
    assert decide(np.array([[0.2], [0.5], [0.51]])).tolist() == [0, 0, 1]
    assert rule_of(1) == "threshold 0.5 (one output)"
    assert decide(np.zeros((2, 5, 1)), axis=2).shape == (2, 5)


def test_one_integer_is_taken_back_to_its_real_number_first() -> None:
    tensor = Tensor(0, "y", (1, 1), "int8", Quantization((1 / 256,), (-128,)))
    outputs = np.array([[-128], [0], [1], [127]], np.int8)
    assert decide_integer(outputs, tensor).tolist() == [0, 0, 1, 1]
