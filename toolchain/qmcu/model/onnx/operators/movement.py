"""Operators that move numbers and change none: reshapes, transposes, parts and joins.

Most move nothing at all: they are another order of the same memory.
"""

import numpy as np

from qmcu.model.onnx.emit import Emitter, Place
from qmcu.model.onnx.layout import (
    Order,
    channels_last,
    joinable_order,
    mixed_channels,
    order_before,
    placed,
    plain,
    reshaped_order,
    sought_order,
)
from qmcu.model.onnx.net import Node
from qmcu.model.onnx.operators.handler import Handler
from qmcu.types import Shape

# kMaxInputNum of tflite-micro's kernel.
MOST_JOINED = 10


def reshape(e: Emitter, node: Node) -> None:
    """RESHAPE where memory stays; a flattened image keeps its channels last and says so."""
    value, out = e.net.values[node.inputs[0]], e.net.values[node.outputs[0]]
    found = e.place(node.inputs[0])
    order = None
    if found.columns is None:
        order = reshaped_order(value.shape, found.order, out.shape)
    if order is not None:
        result = e.define(out.name, order, grid=e.grid(found.index))
        e.reshape(found.index, result)
        return
    if found.columns is None and _flattens(value.shape, out.shape, found.order):
        numbers = np.arange(int(np.prod(value.shape))).reshape(value.shape)
        columns = np.transpose(numbers, found.order).reshape(-1)
        axis = int(np.argmax(out.shape))
        ends = plain(len(out.shape)) if axis == len(out.shape) - 1 else None
        if ends is not None:
            mixed = tuple(int(i) for i in columns)
            result = e.define(out.name, ends, mixed, e.grid(found.index))
            e.reshape(found.index, result)
            return
    if found.columns is None and _mixes_weights(e, node, found.order):
        return
    # Numbers move: at once to where the next operator that needs an order takes them from.
    near = order_before(value.shape, out.shape, sought_order(e.net, out.name))
    near = near or joinable_order(value.shape, found.order, out.shape) or plain(len(value.shape))
    source = e.take(node.inputs[0], near)
    order = reshaped_order(value.shape, near, out.shape)
    assert order is not None
    result = e.define(out.name, order, grid=e.grid(source))
    e.reshape(source, result)


def _mixes_weights(e: Emitter, node: Node, order: Order) -> bool:
    """Leave an image's channels shuffled where only convolutions read it: they shuffle weights."""
    name = node.outputs[0]
    out = e.net.values[name]
    columns = mixed_channels(e.net.values[node.inputs[0]].shape, order, out.shape)
    readers = e.net.consumers(name)
    if columns is None or name in e.net.outputs or not readers:
        return False
    for reader in readers:
        weights = e.net.operand(reader, 1)
        whole = reader.kind == "Conv" and reader.integer("group", 1) == 1
        if not whole or reader.inputs[0] != name or weights is None or weights.array is None:
            return False
    found = e.place(node.inputs[0])
    result = e.define(name, channels_last(len(out.shape)), columns, e.grid(found.index))
    e.reshape(found.index, result)
    return True


def _flattens(shape: Shape, new: Shape, order: Order) -> bool:
    """Whether a value of one batch becomes one row."""
    return int(np.prod(new)) == max(new) and (not shape or order[0] == 0)


def transpose(e: Emitter, node: Node) -> None:
    """Another order of the same memory."""
    found = e.place(node.inputs[0])
    rank = len(found.order)
    perm = node.integers("perm") or plain(rank)[::-1]
    if found.columns is not None:
        index = e.take(node.inputs[0], found.order)
        found = Place(index, found.order)
    order = tuple(perm.index(axis) for axis in found.order)
    e.places[node.outputs[0]] = Place(found.index, order)


def concat(e: Emitter, node: Node) -> None:
    """Concat: in the order in which the first activation lies."""
    out = e.net.values[node.outputs[0]]
    rank = len(out.shape)
    axis = node.integer("axis") % rank
    known = [e.places[i] for i in node.inputs if i in e.places]
    order = next((p.order for p in known if p.order != plain(rank)), plain(rank))
    last = order[-1] == axis and all(p.order == order for p in known)
    columns = _joined(e, node, axis) if last and any(p.columns for p in known) else None
    operands = []
    for name in node.inputs:
        if columns is not None and name in e.places:
            operands.append(e.place(name).index)
        else:
            operands.append(e.take(name, order))
    result = e.define(out.name, order, columns)
    if e.integer:
        operands = [e.in_grid(i, e.grid(result)) for i in operands]
    _concatenate(e, out.name, operands, result, order.index(axis))


def _concatenate(e: Emitter, name: str, operands: list[int], result: int, axis: int) -> None:
    """CONCATENATION; of more than tflite-micro takes, in parts that are then joined."""
    while len(operands) > MOST_JOINED:
        parts: list[int] = []
        for start in range(0, len(operands), MOST_JOINED):
            some = operands[start : start + MOST_JOINED]
            if len(some) > 1:
                shape = list(e.shape(some[0]))
                shape[axis] = sum(e.shape(i)[axis] for i in some)
                part = e.tensor(f"{name}/part", tuple(shape), *e.grid(result))
                _concatenate(e, name, some, part, axis)
                some = [part]
            parts += some
        operands = parts
    e.add(
        "CONCATENATION", operands, [result], axis=axis, fused_activation_function="NONE",
    )  # fmt: skip


def _joined(e: Emitter, node: Node, axis: int) -> tuple[int, ...]:
    """The columns of mixed rows behind one another."""
    columns: list[int] = []
    for name in node.inputs:
        size = e.net.values[name].shape[axis]
        own = e.places[name].columns if name in e.places else None
        columns += [len(columns) * 0 + c + _start(e, node, name, axis) for c in own or range(size)]
    return tuple(columns)


def _start(e: Emitter, node: Node, name: str, axis: int) -> int:
    before = node.inputs[: node.inputs.index(name)]
    return sum(e.net.values[i].shape[axis] for i in before)


def _cut(e: Emitter, node: Node, name: str, begins: dict[int, tuple[int, int, int]]) -> None:
    """A part of the first input: begin, size and step of each ONNX axis that is cut."""
    value = e.net.values[node.inputs[0]]
    found = e.place(node.inputs[0])
    source = e.take(node.inputs[0], found.order)
    whole = {a: (0, n, 1) for a, n in enumerate(value.shape)}
    cuts = [(whole | begins)[a] for a in found.order]
    result = e.define(name, found.order, grid=e.grid(source))
    begin = [c[0] for c in cuts]
    if all(c[2] == 1 for c in cuts):
        operands = [e.integers(f"{name}/begin", begin),
                    e.integers(f"{name}/sizes", [c[1] for c in cuts])]  # fmt: skip
        e.add("SLICE", [source, *operands], [result])
        return
    ends = [b + n * s for b, n, s in cuts]
    mask = sum(1 << i for i, end in enumerate(ends) if end < 0)
    operands = [e.integers(f"{name}/begin", begin),
                e.integers(f"{name}/end", [max(end, 0) for end in ends]),
                e.integers(f"{name}/steps", [c[2] for c in cuts])]  # fmt: skip
    e.add(
        "STRIDED_SLICE", [source, *operands], [result], begin_mask=0, end_mask=mask,
        ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0,
    )  # fmt: skip


def cut(e: Emitter, node: Node) -> None:
    """Slice."""
    shape = e.net.values[node.inputs[0]].shape

    def read(position: int, attribute: str) -> list[int]:
        operand = e.net.operand(node, position)
        if operand is not None and operand.array is None:
            raise e.net.fail(node, "cuts where run time says", "export constant bounds")
        array = node.integers(attribute) if operand is None else operand.array
        return [int(i) for i in np.ravel(np.asarray(array))]

    starts, ends = read(1, "starts"), read(2, "ends")
    axes = read(3, "axes") or list(range(len(starts)))
    steps = read(4, "steps") or [1] * len(starts)
    parts = {}
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        size = shape[axis % len(shape)]
        found = range(*slice(start, end, step).indices(size))
        if not found:
            raise e.net.fail(node, f"leaves nothing of axis {axis}", "take it out of the model")
        parts[axis % len(shape)] = (found[0], len(found), step)
    _cut(e, node, node.outputs[0], parts)


def split(e: Emitter, node: Node) -> None:
    """Split: SPLIT into equal parts, else SPLIT_V."""
    value = e.net.values[node.inputs[0]]
    axis = node.integer("axis") % len(value.shape)
    found = e.place(node.inputs[0])
    source = e.take(node.inputs[0], found.order)
    sizes = [e.net.values[o].shape[axis] for o in node.outputs]
    read = {i for n in e.net.nodes for i in n.inputs} | set(e.net.outputs)
    if any(o not in read for o in node.outputs):
        # Parts that nobody reads are not written.
        for position, name in enumerate(node.outputs):
            if name in read:
                _cut(e, node, name, {axis: (sum(sizes[:position]), sizes[position], 1)})
        return
    results = [e.define(o, found.order, grid=e.grid(source)) for o in node.outputs]
    place = e.constant(f"{node.label}/axis", np.array(found.order.index(axis), np.int32))
    if len(set(sizes)) == 1:
        e.add("SPLIT", [place, source], results, num_splits=len(sizes))
        return
    parts = e.integers(f"{node.label}/sizes", sizes)
    e.add("SPLIT_V", [source, parts, place], results, num_splits=len(sizes))


def gather(e: Emitter, node: Node) -> None:
    """Gather by constants: a part where it is one index, else GATHER along the axis."""
    value, out = e.net.values[node.inputs[0]], e.net.values[node.outputs[0]]
    axis = node.integer("axis") % max(len(value.shape), 1)
    indices = e.net.operand(node, 1)
    assert indices is not None
    if indices.array is None:
        _look_up(e, node, axis)
        return
    numbers = [int(i) % value.shape[axis] for i in indices.array.reshape(-1)]
    if indices.array.ndim == 0:
        part = e.net.free_name(f"{out.name}/part")
        shape = tuple(1 if a == axis else n for a, n in enumerate(value.shape))
        e.net.values[part] = type(value)(part, shape, out.dtype, None, out.quantization)
        _cut(e, node, part, {axis: (numbers[0], 1, 1)})
        found = e.places[part]
        order = tuple(a - (a > axis) for a in found.order if a != axis)
        result = e.define(out.name, order, grid=e.grid(found.index))
        e.reshape(found.index, result)
        return
    found = e.place(node.inputs[0])
    source = e.take(node.inputs[0], found.order)
    more = indices.array.ndim - 1
    # A table of indices puts its axes where the one axis was.
    order = tuple(
        b for a in found.order
        for b in (range(axis, axis + more + 1) if a == axis else (a + more * (a > axis),))
    )  # fmt: skip
    result = e.define(out.name, order, grid=e.grid(source))
    place = found.order.index(axis)
    target = result
    if more:
        rows = list(e.shape(source))
        rows[place] = len(numbers)
        target = e.like(source, f"{out.name}/list", tuple(rows))
    constant = e.integers(f"{out.name}/indices", numbers)
    e.add("GATHER", [source, constant], [target], axis=place, batch_dims=0)
    if more:
        e.reshape(target, result)


def _look_up(e: Emitter, node: Node, axis: int) -> None:
    """Rows of a table by the model's input: an embedding."""
    table, out = e.net.values[node.inputs[0]], e.net.values[node.outputs[0]]
    if table.array is None or axis != 0 or node.inputs[1] not in e.places:
        raise e.net.fail(node, "looks up by what run time says", "use constant indices")
    found = e.places[node.inputs[1]]
    source = e.constant_value(table, plain(len(table.shape)))
    result = e.define(out.name, plain(len(out.shape)), grid=e.grid(source))
    e.add("GATHER", [source, found.index], [result], axis=0, batch_dims=0)


def expand(e: Emitter, node: Node) -> None:
    """Expand: TILE, of axes that have a size of 1."""
    value, out = e.net.values[node.inputs[0]], e.net.values[node.outputs[0]]
    found, rank = e.place(node.inputs[0]), len(out.shape)
    wide = (1,) * (rank - len(value.shape)) + value.shape
    order = found.order if len(found.order) == rank else plain(rank)
    source = e.take(node.inputs[0], None if len(found.order) == rank else plain(len(value.shape)))
    if len(found.order) != rank:
        filled = e.like(source, f"{out.name}/filled", wide)
        e.reshape(source, filled)
        source = filled
    result = e.define(out.name, order, grid=e.grid(source))
    times = tuple(o // n for n, o in zip(wide, out.shape, strict=True))
    repeats = e.integers(f"{out.name}/times", placed(times, order))
    e.add("TILE", [source, repeats], [result])


def tile(e: Emitter, node: Node) -> None:
    """Tile: TILE."""
    value, out = e.net.values[node.inputs[0]], e.net.values[node.outputs[0]]
    found = e.place(node.inputs[0])
    source = e.take(node.inputs[0], found.order)
    result = e.define(out.name, found.order, grid=e.grid(source))
    times = [o // n for n, o in zip(value.shape, out.shape, strict=True)]
    repeats = e.integers(f"{out.name}/times", placed(tuple(times), found.order))
    e.add("TILE", [source, repeats], [result])


HANDLERS: dict[str, Handler] = {
    "Concat": concat,
    "Expand": expand,
    "Gather": gather,
    "Reshape": reshape,
    "Slice": cut,
    "Split": split,
    "Tile": tile,
    "Transpose": transpose,
}
