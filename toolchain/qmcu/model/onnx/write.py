"""A simplified Net to a Graph: every node by its handler, inputs and outputs in their order."""

from dataclasses import dataclass

import numpy as np

from qmcu.errors import UnsupportedModelError
from qmcu.model.graph import Graph, Operator
from qmcu.model.onnx.emit import Emitter, Place
from qmcu.model.onnx.layout import Order, channels_last, plain, same_memory, wanted_order
from qmcu.model.onnx.net import Net, Node
from qmcu.model.onnx.operators import HANDLERS, REAL_ONLY, lacks_int16
from qmcu.types import Array

# Versions of operators with integers; 1 for all others, and for real numbers.
_VERSIONS = {
    "ADD": 2, "AVERAGE_POOL_2D": 2, "BATCH_MATMUL": 4, "CONCATENATION": 2, "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3, "DEQUANTIZE": 2, "FULLY_CONNECTED": 4, "GATHER": 2, "LEAKY_RELU": 2,
    "LOGISTIC": 2, "LOG_SOFTMAX": 2, "MAXIMUM": 2, "MAX_POOL_2D": 2, "MEAN": 2, "MINIMUM": 2,
    "MIRROR_PAD": 2, "MUL": 2, "PAD": 2, "PADV2": 2, "QUANTIZE": 2, "RELU": 2, "RSQRT": 2,
    "SLICE": 2, "SOFTMAX": 2, "SPLIT": 2, "SPLIT_V": 2, "STRIDED_SLICE": 2, "SUB": 2, "SUM": 2,
    "TANH": 2, "TRANSPOSE": 2,
}  # fmt: skip
_CONTROL = {"If", "Loop", "Scan"}
# Operators before which the model's own order is asked for, and a remedy for what has no form.
_REMEDIES = {
    "NonMaxSuppression": "leave boxes to the host: export up to the layer before",
}


@dataclass(frozen=True)
class Moved:
    """An input or output whose axes lie otherwise than in the file: `order` of the file's axes."""

    name: str
    file_shape: tuple[int, ...]
    order: Order


@dataclass(frozen=True)
class Written:
    """The Graph with what was done: `moves` are operators that only bring numbers into order.

    `chosen` are constants that the file leaves real among integers; `requantized` values whose
    numbers TFLite fixes otherwise than the file; `biases` the biases that were scaled anew, with
    how many numbers and the largest change in steps.
    """

    graph: Graph
    inputs: tuple[Moved, ...]
    outputs: tuple[Moved, ...]
    moves: tuple[str, ...]
    chosen: tuple[str, ...]
    requantized: tuple[str, ...]
    biases: tuple[tuple[str, int, float], ...]
    # Weights that are the file's own integers: name, how many, and how many of them are kept.
    weights: tuple[tuple[str, int, int], ...]
    # Where each activation of the net lies, by its name: the tensor's name, order and columns.
    places: dict[str, tuple[str, Order, tuple[int, ...] | None]]


def write_graph(net: Net, name: str, *, keep_layout: bool = False) -> Written:
    """The Graph of a simplified net, called `name`.

    With `keep_layout` inputs and outputs have the file's shapes, by TRANSPOSE where they must.
    Raises UnsupportedModelError with a line for every node that has no form.
    """
    _require_known(net)
    e = Emitter(net)
    inputs = [_input(e, i, keep_layout) for i in net.inputs]
    for node in net.nodes:
        before = len(e.operators)
        _write(e, node)
        _set_versions(e, before)
    e.integer = True
    outputs = [_output(e, o, keep_layout) for o in net.outputs]
    graph = e.graph(
        name, [e.places[i].index for i in net.inputs], [index for index, _ in outputs],
        {"inputs": net.input_names, "outputs": net.output_names},
    )  # fmt: skip
    places = {v: (e.tensors[p.index].name, p.order, p.columns) for v, p in e.places.items()}
    return Written(
        graph,
        tuple(m for m in inputs if m is not None),
        tuple(m for _, m in outputs if m is not None),
        tuple(e.moves), tuple(dict.fromkeys(e.chosen)), tuple(e.requantized), tuple(e.biases),
        tuple(e.weights), places,
    )  # fmt: skip


def _require_known(net: Net) -> None:
    problems = []
    for node in net.nodes:
        if node.kind in HANDLERS:
            continue
        if node.kind in _CONTROL:
            remedy = "export without control flow (torch.export, or constant conditions)"
        else:
            remedy = _REMEDIES.get(node.kind, "rebuild the model without it")
        problems.append(f"{node} has no form in tflite-micro: {remedy}")
    if problems:
        count = f"{len(problems)} operators" if len(problems) > 1 else "an operator"
        raise UnsupportedModelError(f"{net.name} has {count} that cannot be converted:", problems)


def _input(e: Emitter, name: str, keep_layout: bool) -> Moved | None:
    value = e.net.values[name]
    dtype = {"int64": "int32", "float64": "float32", "float16": "float32"}.get(
        value.dtype, value.dtype
    )
    rank = len(value.shape)
    order = plain(rank) if keep_layout else wanted_order(e.net, name)
    if same_memory(value.shape, order, plain(rank)):
        # The same memory under the file's own shape, and without a line in the report.
        order = order if keep_layout or order == plain(rank) else plain(rank)
    shape = tuple(value.shape[a] for a in order)
    index = e.tensor(name, shape, dtype, value.quantization)
    e.places[name] = Place(index, order)
    return None if order == plain(rank) else Moved(name, value.shape, order)


def _write(e: Emitter, node: Node) -> None:
    given = [e.net.values[i] for i in node.inputs if i in e.places]
    # Indices and conditions are no numbers that have a scale.
    operands = [v for v in given if v.quantization is not None or v.dtype.startswith("float")]
    results = [e.net.values[o] for o in node.outputs if o]
    quantized = all(v.quantization is not None for v in operands)
    made = all(v.quantization is not None or not v.dtype.startswith("float") for v in results)
    e.width = "int16" if any(v.dtype == "int16" for v in (*operands, *results)) else "int8"
    lacking = node.kind in REAL_ONLY or (e.width == "int16" and lacks_int16(e.net, node))
    e.integer = bool(given) and quantized and made and not lacking
    HANDLERS[node.kind](e, node)
    for name in node.outputs:
        # Parts that nobody reads have no place.
        if name in e.places:
            e.finish(name, node)


def _set_versions(e: Emitter, start: int) -> None:
    for position in range(start, len(e.operators)):
        op = e.operators[position]
        integers = any(e.tensors[i].dtype in ("int8", "int16") for i in op.outputs + op.inputs)
        if integers and op.version == 1 and op.kind in _VERSIONS:
            e.operators[position] = Operator(
                op.index, op.kind, op.inputs, op.outputs, op.options, _VERSIONS[op.kind]
            )


def _output(e: Emitter, name: str, keep_layout: bool) -> tuple[int, Moved | None]:
    """An output's tensor; channels stay last where numbers would have to move."""
    value = e.net.values[name]
    rank = len(value.shape)
    found = e.places.get(name)
    if found is None:
        return e.take(name), None
    wanted = plain(rank)
    last = channels_last(rank)
    moved = found.columns is None and found.order == last
    if moved and not keep_layout and not same_memory(value.shape, last, wanted):
        return found.index, Moved(name, value.shape, last)
    index = e.take(name, wanted)
    if index in [e.places[i].index for i in e.net.inputs]:
        copy = e.like(index, f"{name}/copy", e.shape(index))
        e.reshape(index, copy)
        return copy, None
    return index, None


def count_moves(graph: Graph) -> int:
    """TRANSPOSE operators of a graph, its subgraphs' too."""
    graphs = (graph, *graph.subgraphs)
    return sum(op.kind == "TRANSPOSE" for g in graphs for op in g.operators)


def row_order(moved: Moved) -> tuple[int, ...]:
    """The axes of rows [N, ...] of an input, N first, in the .tflite's order.

    A row is without its batch of one; where the first size is another, it is a whole tensor.
    """
    if moved.file_shape[0] == 1:
        return (0, *(a for a in moved.order if a))
    return (0, *(a + 1 for a in moved.order))


def in_file_order(array: Array, moved: Moved) -> Array:
    """Rows of an input as the file takes them, as the .tflite takes them."""
    return np.transpose(array, row_order(moved))
