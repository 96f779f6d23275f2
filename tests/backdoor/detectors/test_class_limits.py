"""Enough classes, enough time, and answers that are certain."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.int8_files import CLASSES

from qmcu.backdoor.detectors.class_limits import certainty, count_classes, fit_work
from qmcu.errors import ModelError
from qmcu.model.inspect import inspect_graph
from qmcu.model.reader import parse_model


def test_work_that_fits_is_counted_and_too_much_is_refused(integer: bytes) -> None:
    graph = parse_model(integer, "small")
    gradient = 3 * inspect_graph(graph).macs
    assert count_classes(graph) == CLASSES
    assert fit_work(graph, 100.5 * gradient, 10, 24, 2) == 10
    assert fit_work(graph, 100.5 * gradient, 10, 24, 2, fixed=50) == 5
    assert fit_work(graph, 1e9 * gradient, 10, 24, 2) == 24
    with pytest.raises(ModelError, match=r"6 classes of .* would take 2.5 times as long"):
        fit_work(graph, 8 * gradient, 10, 24, 2)


def test_certainty_is_the_median_margin_and_next_to_none_is_refused() -> None:
    scores = np.array([[0.0, 1.0, 4.0], [5.0, 0.0, 3.0], [0.0, 0.0, 9.0]])
    assert certainty("it", scores) == 3
    with pytest.raises(ModelError, match="it: no inputs were found that it is sure of"):
        certainty("it", np.array([[0.0, 1.0, 1.001]]))
    with pytest.raises(ModelError, match="sure of"):
        certainty("it", np.zeros((3, 4)))
