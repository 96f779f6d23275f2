"""Inputs made from a file: of its classes, within its ranges, and smooth."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.int8_files import audited_file

from qmcu.backdoor.detectors import synthetic_inputs as module
from qmcu.backdoor.detectors.quantized import QuantizedModel, synthesize_classes
from qmcu.backdoor.detectors.synthetic_inputs import InputAscent
from qmcu.backdoor.grids import ends_of, extremes
from qmcu.backdoor.networks.network import network_from_graph
from qmcu.backdoor.rates import predict_integer
from qmcu.types import Float32Array

CLASSES, COUNT = 6, 24


def made(content: bytes, seed: int = 0) -> Any:
    context = audited_file(None, content, None)
    assert context.graph is not None
    object.__setattr__(context, "seed", seed)
    return InputAscent(context, network_from_graph(context.graph), CLASSES).make(COUNT)


def beyond(content: bytes, inputs: Float32Array) -> float:
    """How far the inputs leave the file's activation ranges, in the mean of tensors and inputs."""
    graph = audited_file(None, content, None).graph
    assert graph is not None
    found = []
    for index, (least, most) in extremes(network_from_graph(graph), inputs).items():
        low, high = ends_of(graph.tensors[index])
        over = np.maximum(most - high, 0) + np.maximum(low - least, 0)
        found.append(over.mean() / (high - low))
    return float(np.mean(found))


def roughness(inputs: Float32Array) -> float:
    return float(np.abs(np.diff(inputs, axis=1)).mean() + np.abs(np.diff(inputs, axis=2)).mean())


def test_the_integers_take_them_for_what_was_wanted(files: tuple[bytes, bytes]) -> None:
    inputs, wanted = made(files[0])
    assert inputs.shape == (COUNT, 8, 8, 1) and inputs.dtype == np.float32
    graph = audited_file(None, files[0], None).graph
    assert graph is not None
    low, high = ends_of(graph.input_tensors[0])
    assert inputs.min() >= low and inputs.max() <= high
    assert np.mean(predict_integer(files[0], inputs, jobs=1) == wanted) > 0.95
    assert np.bincount(wanted).tolist() == [COUNT // CLASSES] * CLASSES


def test_they_stay_within_what_calibration_found_and_are_smooth(
    files: tuple[bytes, bytes], pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain ascents overshoot the ranges and are as rough as noise."""
    context = audited_file(None, files[0], None)
    assert context.graph is not None
    model = QuantizedModel(network_from_graph(context.graph), context.graph)
    plain = synthesize_classes(context, model, CLASSES, COUNT)
    inputs = made(files[0])[0]
    assert beyond(files[0], inputs) < 0.25 * beyond(files[0], plain)
    assert roughness(inputs) < 0.5 * roughness(plain)
    monkeypatch.setattr(module, "BEYOND", 0.0)
    assert beyond(files[0], made(files[0])[0]) > beyond(files[0], inputs)


def test_the_seed_alone_decides_and_no_input_is_another(files: tuple[bytes, bytes]) -> None:
    first, again, other = (made(files[0], seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert len({x.tobytes() for x in first}) == COUNT
