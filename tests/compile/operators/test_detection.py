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
from qmcu.model.reader import parse_model
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


@pytest.mark.parametrize("shape", [(), (1, 1), (1, 1, 1)])
def test_outputs_whose_shape_the_file_leaves_open_follow_from_the_options(
    shape: tuple[int, ...],
) -> None:
    graph = _with(max_classes_per_detection=1)
    outputs = dict(enumerate(graph.output_tensors))
    opened = [replace(t, shape=shape if i < 3 else ()) for i, t in outputs.items()]
    tensors = tuple(next((o for o in opened if o.index == t.index), t) for t in graph.tensors)
    file = write_model(replace(graph, tensors=tensors))
    read = parse_model(file)
    assert [t.shape for t in read.output_tensors] == [t.shape for t in graph.output_tensors]
    rng = np.random.default_rng(1)
    inputs = [rng.normal(size=t.shape).astype(np.float32) for t in graph.input_tensors]
    for one, other in zip(
        Oracle(file).run(inputs), Oracle(write_model(graph)).run(inputs), strict=True
    ):
        assert one.tobytes() == other.tobytes()
