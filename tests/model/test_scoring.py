"""Labels of any kind: what they mean for a model's outputs, and what outputs are worth by them."""

from dataclasses import replace

import numpy as np
import pytest
from tests.support.small_models import dense

from qmcu.errors import UsageError, VectorError
from qmcu.model import write_model
from qmcu.model.graph import Graph
from qmcu.model.reader import parse_model
from qmcu.model.scoring import (
    Decision,
    Rule,
    class_labels,
    decision_by,
    decision_of,
    parse_decision,
    read_labels,
    score,
    shifted_labels,
)
from qmcu.types import Array


@pytest.mark.parametrize(
    ("given", "outputs", "kept", "rule"),
    [
        (np.array([2, 0]), 3, "int64 (2,)", Rule.ARGMAX),
        (np.array([[2], [0]], np.uint8), 3, "int64 (2,)", Rule.ARGMAX),
        (np.array([[0, 0, 1.0], [1, 0, 0]], np.float32), 3, "int64 (2,)", Rule.ARGMAX),
        (np.array([True, False]), 1, "int64 (2,)", Rule.THRESHOLD),
        (np.array([1.0, 0.0]), 1, "int64 (2,)", Rule.THRESHOLD),
        (np.array([[1, 1, 0], [0, 0, 0]]), 3, "int64 (2, 3)", Rule.MULTI_LABEL),
        (np.array([0.25, 3.0]), 1, "float32 (2,)", Rule.REGRESSION),
        (np.array([17, 4]), 1, "int64 (2,)", Rule.REGRESSION),
        (np.array([[0.1, 0.2], [0.3, 0.5]]), 2, "float32 (2, 2)", Rule.REGRESSION),
        (np.full((2, 4, 1), 0.5), 4, "float32 (2, 4)", Rule.REGRESSION),
    ],
)
def test_labels_say_what_outputs_mean(given: Array, outputs: int, kept: str, rule: Rule) -> None:
    labels = read_labels(given, 2, "x.npz")
    assert f"{labels.dtype} {labels.shape}" == kept
    assert decision_by(labels, outputs).rule == rule


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (np.zeros(3, np.int64), r"labels is int64 \[3\]; 2 classes, or 2 rows of numbers"),
        (np.array(["a", "b"]), "2 classes, or 2 rows of numbers, are needed"),
        (np.array(1), "2 classes, or 2 rows"),
        (np.array([0.5, np.nan]), "the label of row 1 is not a finite number"),
    ],
)
def test_what_is_no_label_is_told(given: Array, reason: str) -> None:
    with pytest.raises(VectorError, match=rf"x\.npz: .*{reason}"):
        read_labels(given, 2, "x.npz")


def test_labels_and_outputs_have_to_go_together() -> None:
    with pytest.raises(VectorError, match="labels have 2 numbers a row and the model has 3"):
        decision_by(np.zeros((4, 2), np.float32), 3)
    with pytest.raises(VectorError, match="argmax does not go with a model of 3 outputs"):
        decision_by(np.zeros((4, 3), np.float32), 3, Decision(Rule.ARGMAX))
    with pytest.raises(VectorError, match="argmax does not go with a model of 1 outputs"):
        decision_by(np.array([0, 1]), 1, Decision(Rule.ARGMAX))
    with pytest.raises(VectorError, match=r"threshold does not go with .* labels of classes"):
        decision_by(np.array([0, 1]), 3, Decision(Rule.THRESHOLD))
    with pytest.raises(VectorError, match="a class for each of 4 inputs is needed"):
        class_labels(np.zeros((4, 3), np.float32), "x.npz")


def test_what_outputs_are_worth() -> None:
    outputs = np.array([[0.9, 0.2, 0.6], [0.4, 0.3, 0.1]])
    right = score(Decision(Rule.ARGMAX), np.array([0, 1]), outputs)
    assert (right.right, right.total, str(right)) == (1, 2, "1 of 2 right (50.0 %)")
    labels = np.array([[1, 0, 1], [1, 0, 0]])
    several = score(Decision(Rule.MULTI_LABEL), labels, outputs)
    assert (several.right, several.total, several.rows) == (5, 6, 1)
    assert "5 of 6 labels right, 1 rows in all labels" in str(several)
    assert score(Decision(Rule.MULTI_LABEL, 0.35), labels, outputs).rows == 2
    real = score(Decision(Rule.REGRESSION), outputs + np.array([[0.3], [-0.1]]), outputs)
    assert real.error == pytest.approx(0.2)
    assert real.rms == pytest.approx(np.sqrt(0.05))
    one = np.array([[0.2], [0.4], [0.6]])
    assert score(Decision(Rule.THRESHOLD, 0.3), np.array([0, 1, 1]), one).right == 3


def test_the_last_operator_says_what_labels_do_not() -> None:
    graph = parse_model(write_model(dense()), "m")
    assert decision_of(graph).rule == Rule.ARGMAX
    assert decision_of(_ending(graph, "LOGISTIC")).rule == Rule.MULTI_LABEL
    assert decision_of(_ending(graph, "SOFTMAX")).rule == Rule.ARGMAX


def _ending(graph: Graph, kind: str) -> Graph:
    *before, last = graph.operators
    return replace(graph, operators=(*before, replace(last, kind=kind)))


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("argmax", Decision(Rule.ARGMAX)),
        ("threshold", Decision(Rule.THRESHOLD, 0.5)),
        ("threshold=0", Decision(Rule.THRESHOLD, 0.0)),
        ("multi-label=0.3", Decision(Rule.MULTI_LABEL, 0.3)),
        ("regression", Decision(Rule.REGRESSION)),
    ],
)
def test_the_option(text: str, decision: Decision) -> None:
    assert parse_decision(text) == decision


@pytest.mark.parametrize("text", ["best", "threshold=x", "threshold=nan", "argmax=2", ""])
def test_another_word_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"is none of argmax, threshold\[=T\]"):
        parse_decision(text)


def test_labels_counted_from_one_are_told() -> None:
    with pytest.raises(VectorError, match=r"from 1 to 3 .* counted from 1; give labels - 1"):
        decision_by(np.array([1, 3, 2]), 3)
    with pytest.raises(VectorError, match="leave out the rows with -1"):
        decision_by(np.array([0, -1, 2]), 3)
    outputs = np.eye(6)[[0, 1, 2, 3, 4]]
    rule = Decision(Rule.ARGMAX)
    assert shifted_labels(rule, np.array([1, 2, 3, 4, 5]), outputs) == -1
    assert shifted_labels(rule, np.array([0, 1, 2, 3, 4]), outputs) == 0
