"""Parts that nobody reads, of a tensor that a float graph splits, before it is quantized.

TensorFlow's quantizer gives such a part no range, and leaves the split in real numbers or not, from
run to run: unrolled recurrent layers have one each, the first step's forget gate. Slices of the
parts that are read are quantized, the same way every time.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from qmcu.model.graph import Graph, Operator, OptionValue, Tensor, without_unused
from qmcu.types import Shape

# With the input that is split.
_SPLITTING = {"SPLIT": 1, "SPLIT_V": 0, "UNPACK": 0}
_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def without_unread_parts(graph: Graph) -> Graph:
    """The graph with a STRIDED_SLICE for each part that is read, where some are not.

    The graph itself where all are.
    """
    read = {*graph.outputs, *(i for op in graph.operators for i in op.inputs)}
    tensors: list[Tensor] = list(graph.tensors)
    operators: list[Operator] = []
    for op in graph.operators:
        if op.kind in _SPLITTING and not read.issuperset(op.outputs):
            operators += _slices(graph, op, read, tensors)
        else:
            operators.append(op)
    if len(tensors) == len(graph.tensors):
        return graph
    numbered = tuple(replace(op, index=i) for i, op in enumerate(operators))
    return without_unused(replace(graph, tensors=tuple(tensors), operators=numbered))


def _slices(
    graph: Graph, op: Operator, read: set[int], tensors: list[Tensor]
) -> Iterator[Operator]:
    """One STRIDED_SLICE a part that is read; its constants are added to `tensors`."""
    source = op.inputs[_SPLITTING[op.kind]]
    whole = graph.tensors[source].shape
    axis = _axis(graph, op, whole)
    options: dict[str, OptionValue] = dict.fromkeys(_MASKS, 0)
    if op.kind == "UNPACK":
        options["shrink_axis_mask"] = 1 << axis
    start = 0
    for part in op.outputs:
        length = 1 if op.kind == "UNPACK" else graph.tensors[part].shape[axis]
        begin, end = [0] * len(whole), list(whole)
        begin[axis], end[axis] = start, start + length
        start += length
        if part not in read:
            continue
        bounds = range(len(tensors), len(tensors) + 3)
        for index, numbers in zip(bounds, (begin, end, [1] * len(whole)), strict=True):
            data = np.array(numbers, np.int32).tobytes()
            name = f"{graph.tensors[part].name}/bound_{index}"
            tensors.append(Tensor(index, name, (len(whole),), "int32", None, data))
        yield Operator(0, "STRIDED_SLICE", (source, *bounds), (part,), dict(options), 1)


def _axis(graph: Graph, op: Operator, whole: Shape) -> int:
    if op.kind == "UNPACK":
        axis = op.options["axis"]
        assert isinstance(axis, int)
    else:
        axis = int(graph.tensors[op.inputs[0 if op.kind == "SPLIT" else 2]].array.item())
    return axis % len(whole)
