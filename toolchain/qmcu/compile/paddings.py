"""PAD before convolutions becomes their own padding: no tensor with a border, nothing to copy.

What a file writes as PAD and a convolution without padding (strided layers of Keras, all of
PyTorch's) is one convolution with padding above, below, left and right as PAD has it: the border
holds the zero point, as a window's padding does.
"""

from collections.abc import Sequence
from dataclasses import replace

from qmcu.compile.operators.window import COLUMN_COUNT, COLUMN_PADDING, ROW_COUNT, ROW_PADDING
from qmcu.model.graph import Graph, Operator, Tensor

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")


def fold_paddings(graph: Graph, pinned: frozenset[int] = frozenset()) -> Graph:
    """The graph without each PAD of an image's border that only convolutions read.

    Every output byte stays what it was. Tensors in `pinned` are left as they are. Every operator
    must have been checked.
    """
    readers: dict[int, list[Operator]] = {}
    for operator in graph.operators:
        for index in dict.fromkeys(operator.inputs):
            readers.setdefault(index, []).append(operator)
    folded: dict[int, Operator] = {}
    for operator in graph.operators:
        if operator.kind != "PAD" or {*operator.outputs} & ({*graph.outputs} | pinned):
            continue
        found = readers.get(operator.outputs[0], [])
        if found and all(_takes(graph, operator, reader) for reader in found):
            folded[operator.outputs[0]] = operator
    if not folded:
        return graph
    operators = tuple(
        _padded(graph, o, folded[o.inputs[0]]) if o.inputs and o.inputs[0] in folded else o
        for o in graph.operators
        if o not in folded.values()
    )
    return replace(graph, operators=operators)


def _border(graph: Graph, pad: Operator) -> Sequence[tuple[int, int]] | None:
    """The rows before and after, then the columns, of a PAD of an int8 image; None of others."""
    source, paddings = graph.operand(pad, 0), graph.operand(pad, 1)
    target = graph.tensors[pad.outputs[0]]
    if source is None or paddings is None or source.is_constant or source.is_variable:
        return None
    if source.dtype != "int8" or len(source.shape) != 4 or not paddings.is_constant:
        return None
    if source.quantization != target.quantization:
        return None
    pairs = [(int(a), int(b)) for a, b in paddings.array.reshape(-1, 2)]
    return pairs[1:3] if pairs[0] == pairs[3] == (0, 0) else None


def _takes(graph: Graph, pad: Operator, reader: Operator) -> bool:
    """Whether the operator is a convolution whose windows all reach the image within the border."""
    border, target = _border(graph, pad), pad.outputs[0]
    if border is None or reader.kind not in _CONVOLUTIONS or reader.options["padding"] != "VALID":
        return False
    weights = graph.operand(reader, 1)
    if target in reader.inputs[1:] or weights is None or not weights.is_constant:
        return False
    return all(max(pair) < length for pair, length in zip(border, weights.shape[1:3], strict=True))


def _padded(graph: Graph, operator: Operator, pad: Operator) -> Operator:
    """The convolution over what the PAD read."""
    border = _border(graph, pad)
    assert border is not None
    target: Tensor = graph.tensors[operator.outputs[0]]
    options = {
        **operator.options,
        ROW_PADDING: border[0][0],
        ROW_COUNT: target.shape[1],
        COLUMN_PADDING: border[1][0],
        COLUMN_COUNT: target.shape[2],
    }
    inputs = (pad.inputs[0], *operator.inputs[1:])
    return replace(operator, inputs=inputs, options=options)
