"""Predictions and rates, in float and in int8."""

from pathlib import Path

import numpy as np
import pytest
from tests.support.small_models import two_inputs

from qmcu import documents
from qmcu.backdoor import Dataset, Rate, Trigger
from qmcu.backdoor.rates.evaluation import (
    Evaluation,
    classes_of,
    evaluate_float,
    evaluate_integer,
    predict_float,
    predict_integer,
)
from qmcu.errors import UnsupportedModelError, VectorError
from qmcu.model import Graph, Operator, Quantization, Tensor, write_model
from qmcu.model.graph import OptionValue
from qmcu.model.reader import parse_model


def pick_largest() -> bytes:
    """A model whose scores are its three inputs, halved: integers and identity weights."""
    grid = Quantization((0.5,), (0,))
    identity = np.eye(3, dtype=np.int8)
    tensors = (
        Tensor(0, "in", (1, 3), "int8", grid),
        Tensor(1, "weights", (3, 3), "int8", Quantization((1.0,), (0,)), identity.tobytes()),
        Tensor(2, "out", (1, 3), "int8", Quantization((1.0,), (0,))),
    )
    options: dict[str, OptionValue] = {
        "fused_activation_function": "NONE",
        "weights_format": "DEFAULT",
        "keep_num_dims": False,
        "asymmetric_quantize_inputs": False,
        "quantized_bias_type": "FLOAT32",
    }
    operator = Operator(0, "FULLY_CONNECTED", (0, 1, -1), (2,), options)
    return write_model(Graph("pick", tensors, (operator,), (0,), (2,)))


class Picker:
    """What a Keras model is to `predict_float`."""

    input_shape = (None, 3)

    def __call__(self, inputs: np.ndarray, training: bool) -> np.ndarray:
        assert not training
        return inputs


def dataset() -> Dataset:
    inputs = np.array([[4, 0, 0], [0, 4, 0], [0, 0, 4], [0, 5, 4]], np.float32)
    labels = np.array([0, 1, 2, 2])
    return Dataset("four", inputs, labels, inputs, labels, 3, 0.0, 10.0)


def trigger(level: float, target: int = 0) -> Trigger:
    mask = np.array([1, 0, 0], np.float32)
    return Trigger("t", "any", mask, mask * np.float32(level), target, 0.0, 10.0)


def test_predictions_take_the_lowest_index_of_equal_scores() -> None:
    inputs = np.array([[1, 3, 3], [2, 2, 1], [0, 0, 9]], np.float32)
    assert predict_integer(pick_largest(), inputs).tolist() == [1, 0, 2]
    assert predict_float(Picker(), inputs).tolist() == [1, 0, 2]
    graph = parse_model(pick_largest(), "pick")
    assert classes_of(np.array([[[-128, -1, -1]]], np.int8), graph).tolist() == [1]


def test_rates_are_counted_on_the_right_inputs() -> None:
    # A level of 4.5 beats every 4 but not the 5; in int8 (out steps of 1) 4.5 and 5 are equal.
    floating = evaluate_float(Picker(), dataset(), trigger(4.5))
    assert floating == Evaluation(clean=Rate(3, 4), attack=Rate(2, 3))
    integer = evaluate_integer(pick_largest(), dataset(), trigger(4.5))
    assert integer == Evaluation(clean=Rate(3, 4), attack=Rate(3, 3))
    assert documents.rebuild(documents.plain(integer), Evaluation) == integer
    assert str(integer).startswith("CA 75.0 % (3 of 4,")
    limited = evaluate_integer(pick_largest(), dataset(), trigger(4.5), limit=2)
    assert limited == Evaluation(clean=Rate(2, 2), attack=Rate(1, 1))
    with pytest.raises(VectorError, match="target class 0"):
        evaluate_float(Picker(), dataset(), trigger(4.5), limit=1)
    with pytest.raises(VectorError, match="target class 0"):
        evaluate_integer(pick_largest(), dataset(), trigger(4.5), limit=1)


def test_what_is_no_classifier_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="2 inputs and 2 outputs"):
        predict_integer(write_model(two_inputs()), np.zeros((1, 2, 4), np.float32))
    with pytest.raises(VectorError, match=r"takes inputs of \[1, 3\] and these are \[4\]"):
        predict_integer(pick_largest(), np.zeros((1, 4), np.float32))
    with pytest.raises(VectorError, match=r"takes inputs of \[3\]"):
        predict_float(Picker(), np.zeros((1, 4), np.float32))


def test_the_resnet8_of_mlperf_tiny_recognizes_cifar10(shared_models: Path, cifar10: Path) -> None:
    from qmcu.backdoor import load_dataset

    data = load_dataset(str(cifar10), limit=100)
    model = (shared_models / "mlperf_tiny_resnet8_cifar10_int8.tflite").read_bytes()
    # That model takes 0..255 with a scale of 1.
    found = predict_integer(model, data.test_inputs * 255, jobs=1)
    assert np.mean(found == data.test_labels) > 0.65
