"""Enough classes, enough time, and answers that are certain."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.int8_files import CLASSES

from qmcu.backdoor.detectors import audit
from qmcu.backdoor.detectors.class_limits import (
    LIKELY,
    certainty,
    count_classes,
    fit_work,
    most_likely,
    require_sure,
)
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.errors import ModelError
from qmcu.model.convert import convert_keras
from qmcu.model.inspect import inspect_graph
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow


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


@pytest.mark.parametrize("ending", ["softmax", "sigmoid", "reshaped", ""])
def test_before_training_a_file_is_sure_of_nothing_and_no_class_is_accused(
    ending: str, samples: npt.NDArray[np.float32]
) -> None:
    """It tells so itself by the range of its scores, whatever they end in."""
    untrained, sure = (_file(ending, factor, samples) for factor in (1.0, 40.0))
    graph = parse_model(untrained, "mixer")
    assert most_likely(graph) < LIKELY < most_likely(parse_model(sure, "sure"))
    require_sure(parse_model(sure, "sure"))
    with pytest.raises(ModelError, match="is it trained"):
        require_sure(graph)
    result = audit(AuditContext(None, untrained, graph, samples))
    assert result.verdict == "undecided"
    for name in (
        "leading-class", "synthetic-triggers", "sliding-drawings", "disturbed-activations",
        "summed-evidence", "class-triggers", "sliding-answers",
    ):  # fmt: skip
        assert "is it trained" in result.skipped[name]


def _file(ending: str, factor: float, samples: npt.NDArray[np.float32]) -> bytes:
    """A small network of random weights, its last layer's `factor` times those of Keras."""
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(4)
    last: Any = keras.layers.Dense(CLASSES)
    ends = {
        "softmax": [keras.layers.Softmax()],
        "sigmoid": [keras.layers.Activation("sigmoid")],
        "reshaped": [keras.layers.Softmax(), keras.layers.Reshape((1, CLASSES))],
        "": [],
    }[ending]
    pooled = keras.layers.GlobalAveragePooling2D()
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Conv2D(8, 3, activation="gelu"), pooled, last, *ends]
    )
    last.kernel.assign(factor * last.kernel)
    return convert_keras(model, samples, "mixer").model
