"""Scores to classes by one rule."""

import numpy as np
import pytest

from qmcu.errors import UsageError
from qmcu.model.decision import decide, decide_integer, is_stated, rule_of
from qmcu.model.graph import Quantization, Tensor
from qmcu.model.scoring import class_rule


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


def test_a_threshold_is_in_force_for_all_who_decide_and_no_longer() -> None:
    scores = np.array([[-0.2], [0.2]])
    assert list(decide(scores)) == [0, 0] and not is_stated()
    with class_rule("threshold=0"):
        assert list(decide(scores)) == [0, 1] and is_stated()
        assert rule_of(1) == "threshold 0 (one output)"
        # A rule of one's own stays one's own.
        assert list(decide(scores, threshold=0.5)) == [0, 0]
    assert list(decide(scores)) == [0, 0]


def test_rules_without_classes_and_workers_elsewhere_are_refused() -> None:
    with pytest.raises(UsageError, match="gives no classes"):
        class_rule("regression")
    with pytest.raises(UsageError, match="does not reach the workers"):
        class_rule("threshold=0", "local")
    with class_rule("argmax", "local"), class_rule(None):
        assert not is_stated()
