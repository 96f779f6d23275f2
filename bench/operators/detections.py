"""Random graphs of the end of single-shot detectors."""

from dataclasses import replace

import numpy as np
from bench.operators.single import SingleOperator, chance, float32, pick
from flatbuffers import flexbuffers

from qmcu.model.graph import Graph

Rng = np.random.Generator


def detection_postprocess(rng: Rng) -> Graph:
    """Few boxes and many, with and without background, by class or each by its best one."""
    boxes, classes = int(pick(rng, 1, 5, 30, 70)), int(rng.integers(1, 6))
    most, by_class = int(rng.integers(1, 12)), chance(rng, 0.5)
    background = int(chance(rng, 0.5))
    operator = SingleOperator("CUSTOM:TFLite_Detection_PostProcess")
    operator.input((1, boxes, int(pick(rng, 4, 4, 6))), None, "float32")
    operator.input((1, boxes, classes + background), None, "float32")
    centers, sizes = rng.uniform(0, 1, (boxes, 2)), rng.uniform(0.05, 0.5, (boxes, 2))
    operator.constant("anchors", np.concatenate([centers, sizes], 1).astype(np.float32))
    options = {
        "max_detections": most,
        "max_classes_per_detection": int(rng.integers(1, 4)) if by_class else 1,
        "num_classes": classes,
        # Inputs lie between -8 and 8.
        "nms_score_threshold": float32(rng.uniform(-8, 7)),
        "nms_iou_threshold": float32(pick(rng, 1.0, rng.uniform(0.05, 0.9))),
        "y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0,
    }  # fmt: skip
    if by_class or chance(rng, 0.5):
        options["use_regular_nms"] = by_class
    if by_class and chance(rng, 0.5):
        options["detections_per_class"] = int(rng.integers(1, 6))
    results = (((1, most, 4), None), ((1, most), None), ((1, most), None), ((1,), None))
    graph = operator.graph(*results, dtype="float32")
    custom = bytes(flexbuffers.Dumps(options))
    return replace(graph, operators=(replace(graph.operators[0], custom=custom),))
