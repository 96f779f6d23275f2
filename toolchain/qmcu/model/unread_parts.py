"""Parts that nobody reads, of a tensor that a float graph splits, before it is quantized.

TensorFlow's quantizer gives such a part no range, and leaves the split in real numbers or not, from
run to run: unrolled recurrent layers have one each, the first step's forget gate. Slices of the
parts that are read are quantized, the same way every time.
"""

import numpy as np

from qmcu.model.graph import Graph, Operator
from qmcu.model.rewriting import GraphMaker, rewritten
from qmcu.types import Shape

# With the input that is split.
_SPLITTING = {"SPLIT": 1, "SPLIT_V": 0, "UNPACK": 0}
_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def without_unread_parts(graph: Graph) -> Graph:
    """The graph with a STRIDED_SLICE for each part that is read, where some are not.

    The graph itself where all are.
    """
    read = {*graph.outputs, *(i for op in graph.operators for i in op.inputs)}

    def slices(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
        if read.issuperset(op.outputs):
            return False
        _write_slices(maker, graph, op, read)
        return True

    return rewritten(graph, dict.fromkeys(_SPLITTING, slices))


def _write_slices(maker: GraphMaker, graph: Graph, op: Operator, read: set[int]) -> None:
    """One STRIDED_SLICE a part that is read."""
    source = op.inputs[_SPLITTING[op.kind]]
    whole = graph.tensors[source].shape
    axis = _axis(graph, op, whole)
    masks = dict.fromkeys(_MASKS, 0)
    if op.kind == "UNPACK":
        masks["shrink_axis_mask"] = 1 << axis
    start = 0
    for part in op.outputs:
        length = 1 if op.kind == "UNPACK" else graph.tensors[part].shape[axis]
        begin, end = [0] * len(whole), list(whole)
        begin[axis], end[axis] = start, start + length
        start += length
        if part in read:
            numbers = (begin, end, [1] * len(whole))
            bounds = (maker.constant(np.array(n, np.int32)) for n in numbers)
            maker.write("STRIDED_SLICE", (source, *bounds), part, masks)


def _axis(graph: Graph, op: Operator, whole: Shape) -> int:
    if op.kind == "UNPACK":
        axis = op.options["axis"]
        assert isinstance(axis, int)
    else:
        axis = int(graph.tensors[op.inputs[0 if op.kind == "SPLIT" else 2]].array.item())
    return axis % len(whole)
