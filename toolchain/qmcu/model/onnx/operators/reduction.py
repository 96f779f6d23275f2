"""Operators over whole axes: means, sums, the largest, shares of a whole."""

import numpy as np

from qmcu.model.onnx.emit import Emitter
from qmcu.model.onnx.layout import Order, reduced_axes
from qmcu.model.onnx.net import Node
from qmcu.model.onnx.operators.elementwise import canonical
from qmcu.model.onnx.operators.handler import Grid, Handler

_KINDS = {
    "ReduceMax": "REDUCE_MAX", "ReduceMean": "MEAN", "ReduceMin": "REDUCE_MIN", "ReduceSum": "SUM",
}  # fmt: skip


def _kept(order: Order, axes: tuple[int, ...]) -> Order:
    """The order without the reduced axes, of which the others are counted anew."""
    left = sorted(a for a in order if a not in axes)
    return tuple(left.index(a) for a in order if a not in axes)


def reduce(e: Emitter, node: Node) -> None:
    """A mean, sum, largest or least over axes."""
    rank = len(e.net.values[node.inputs[0]].shape)
    axes = reduced_axes(e.net, node, rank)
    found = e.place(node.inputs[0])
    source = e.take(node.inputs[0], found.order)
    keep = bool(node.integer("keepdims", 1))
    order = found.order if keep else _kept(found.order, axes)
    kind = _KINDS[node.kind]
    grid = e.grid(source) if kind in ("REDUCE_MAX", "REDUCE_MIN") else None
    result = e.define(node.outputs[0], order, grid=grid)
    places = e.integers(f"{node.outputs[0]}/axes", sorted(found.order.index(a) for a in axes))
    e.add(kind, [source, places], [result], keep_dims=keep)


def softmax(e: Emitter, node: Node) -> None:
    """Softmax and LogSoftmax, over the axis that lies last in memory."""
    rank = len(e.net.values[node.inputs[0]].shape)
    axis = node.integer("axis", -1) % rank
    found = e.place(node.inputs[0])
    order = found.order
    if order[-1] != axis:
        order = (*(a for a in order if a != axis), axis)
    # The order of a row's numbers does not matter to its shares.
    mixed = found.columns if order == found.order else None
    source = found.index if order == found.order else e.take(node.inputs[0], order)
    result = e.define(node.outputs[0], order, mixed, canonical(e, node))
    if node.kind == "LogSoftmax":
        e.add("LOG_SOFTMAX", [source], [result])
    else:
        e.add("SOFTMAX", [source], [result], beta=1.0)


def arg(e: Emitter, node: Node) -> None:
    """ArgMax and ArgMin: int32, as TFLite gives them."""
    value, out = e.net.values[node.inputs[0]], e.net.values[node.outputs[0]]
    axis = node.integer("axis") % len(value.shape)
    found = e.place(node.inputs[0])
    source = e.take(node.inputs[0], found.order)
    out.dtype = "int32"
    keep = bool(node.integer("keepdims", 1))
    small = tuple(n for a, n in enumerate(e.shape(source)) if found.order[a] != axis)
    inner = e.tensor(f"{out.name}/index", small, "int32")
    place = e.constant(f"{out.name}/axis", np.array(found.order.index(axis), np.int32))
    kind = "ARG_MAX" if node.kind == "ArgMax" else "ARG_MIN"
    e.add(kind, [source, place], [inner], output_type="INT32")
    order = found.order if keep else _kept(found.order, (axis,))
    result = e.define(out.name, order, grid=("int32", None))
    e.reshape(inner, result)


def top_k(e: Emitter, node: Node) -> None:
    """TopK, the largest first; places in int32, as TFLite gives them."""
    value = e.net.values[node.inputs[0]]
    axis = node.integer("axis", -1) % len(value.shape)
    found = e.place(node.inputs[0])
    order = (*(a for a in found.order if a != axis), axis)
    source = e.take(node.inputs[0], order)
    given, count = e.net.operand(node, 1), node.integer("k", 1)
    if given is not None:
        if given.array is None:
            raise e.net.fail(node, "has a computed count", "export it with a constant one")
        count = int(given.array.reshape(-1)[0])
    if not 1 <= count <= value.shape[axis]:
        problem = f"takes the {count} largest of {value.shape[axis]}"
        raise e.net.fail(node, problem, "take one or more, at most all")
    shape = (*e.shape(source)[:-1], count)
    names = [*node.outputs, *[""] * (2 - len(node.outputs))]
    grids: tuple[Grid, Grid] = (e.grid(source), ("int32", None))
    results = []
    for name, grid in zip(names, grids, strict=True):
        if not name:
            results.append(e.tensor(f"{node.label}/unread", shape, *grid))
            continue
        if grid[0] == "int32":
            e.net.values[name].dtype = "int32"
        results.append(e.define(name, order, grid=grid))
    size = e.constant(f"{names[0] or names[1]}/count", np.array(count, np.int32))
    e.add("TOPK_V2", [source, size], results)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_KINDS, reduce),
    "ArgMax": arg,
    "ArgMin": arg,
    "LogSoftmax": softmax,
    "Softmax": softmax,
    "TopK": top_k,
}
