"""The end of single-shot detectors: what random graphs do not reach."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators.detections import detection_postprocess
from flatbuffers import flexbuffers
from tests.support.host_run import run_on_host

from qmcu.compile import unsupported
from qmcu.model.graph import Graph
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model


def _with(**options: float) -> Graph:
    graph = detection_postprocess(np.random.default_rng(4))
    (operator,) = graph.operators
    known = flexbuffers.Loads(operator.custom) | {"use_regular_nms": False} | options
    custom = bytes(flexbuffers.Dumps(known))
    return replace(graph, operators=(replace(operator, custom=custom),))


def test_nothing_is_left_of_an_inference_that_found_more() -> None:
    graph = _with(max_classes_per_detection=1, nms_score_threshold=0.5, nms_iou_threshold=1.0)
    boxes, scores = (np.zeros((3, *t.shape), np.float32) for t in graph.input_tensors)
    scores[0] = 1.0
    scores[2, 0, 0] = 1.0
    expected = Oracle(write_model(graph)).run_many([boxes, scores])
    assert expected[3].reshape(-1)[:2].tolist() == [graph.output_tensors[1].shape[1], 0]
    assert expected[2][0].all() and not any(e[1].any() for e in expected)
    found = run_on_host(graph, [[b, s] for b, s in zip(boxes, scores, strict=True)])
    for row, outputs in enumerate(found):
        assert outputs == [e[row].tobytes() for e in expected]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_classes_per_detection": 2, "num_classes": 2}, "2 classes of a box"),
        ({"nms_iou_threshold": 1.5}, "nms_iou_threshold 1.5 is outside 0 to 1"),
        ({"y_scale": 0.0}, "y_scale is 0"),
        ({"num_classes": 90}, "do not fit"),
        ({"max_detections": 0}, "at least 1"),
    ],
)
def test_options_that_do_not_fit_are_named(options: dict[str, float], said: str) -> None:
    (problem,) = unsupported(_with(**options))
    assert said in problem


def test_a_reader_of_what_is_not_written_is_refused() -> None:
    graph = _with(max_classes_per_detection=1)
    assert unsupported(graph) == []
    (problem,) = unsupported(replace(graph, outputs=graph.outputs[:3]))
    assert "number of detections is no output" in problem
