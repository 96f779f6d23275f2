"""What an operator does not write: the interpreter's bytes there are left from whatever was before.

Firmware gives zeros there, and so do expected bytes.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from qmcu.model.custom import operator_options
from qmcu.model.early_ends import blank_before_first, ends_early
from qmcu.model.graph import Graph, Operator
from qmcu.types import Array

DETECTION = "CUSTOM:TFLite_Detection_PostProcess"
FRAMER, STACKER = "CUSTOM:SignalFramer", "CUSTOM:SignalStacker"


def leaves_bytes(graph: Graph) -> bool:
    """Whether an operator may leave a part of its outputs as it was."""
    writes_all = not any(op.kind in (DETECTION, FRAMER, STACKER) for op in graph.operators)
    return not writes_all or ends_early(graph)


def blank_unwritten(graph: Graph, values: Mapping[int, Array], since: Array) -> dict[int, Array]:
    """Values [N, *shape] by tensor, with zeros where no operator wrote them.

    That is what lies behind the last detection, and frames before the first whole one. `since` says
    of each row how many inferences there were since the last reset.
    """
    changed = dict(values)
    for operator in graph.operators:
        try:
            options = operator_options(operator)
            if operator.kind == DETECTION and not options.get("use_regular_nms"):
                _detections(operator, changed)
            elif operator.kind == FRAMER:
                _frames(graph, operator, options, changed, since)
            elif operator.kind == STACKER and set(operator.outputs) <= set(changed):
                stacked, valid = (changed[i] for i in operator.outputs)
                changed[operator.outputs[0]] = stacked * valid.reshape(-1, 1)
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            # Options or shapes that are refused by name when the model is compiled.
            continue
    return blank_before_first(graph, changed, since) if ends_early(graph) else changed


def _detections(operator: Operator, values: dict[int, Array]) -> None:
    *found, count = operator.outputs
    if count not in values:
        return
    counts = np.maximum(0, values[count].reshape(-1).astype(int))
    for index in found:
        if index in values:
            rows = values[index].copy()
            for row, most in zip(rows, counts, strict=True):
                row[:, most:] = 0
            values[index] = rows


def _frames(
    graph: Graph,
    operator: Operator,
    options: Mapping[str, Any],
    values: dict[int, Array],
    since: Array,
) -> None:
    index = operator.outputs[0]
    if index not in values:
        return
    size, step = int(options["frame_size"]), int(options["frame_step"])
    waiting = size - step if options["prefill"] else 0
    missing = -(-(size - waiting) // step) - 1
    rows = values[index].copy()
    frames = graph.tensors[operator.inputs[0]].shape[-1] // step
    by_frame = rows.reshape(len(rows), -1, frames, size)
    for row, before in zip(by_frame, since, strict=True):
        row[:, : max(0, missing - int(before) * frames)] = 0
    values[index] = rows
