"""Operators on each number by itself, or on two that stand at the same place."""

import numpy as np

from qmcu.model.graph import Quantization
from qmcu.model.onnx.emit import Emitter, Place
from qmcu.model.onnx.fused import limits
from qmcu.model.onnx.layout import Order, plain, same_memory, sought_order
from qmcu.model.onnx.net import Node, Value
from qmcu.model.onnx.operators.handler import Grid, Handler, activation, result_like

# The only results that TFLite's functions have, by type.
CANONICAL: dict[str, dict[str, Quantization]] = {
    "Sigmoid": {
        "int8": Quantization((1 / 256,), (-128,)), "int16": Quantization((1 / 32768,), (0,)),
    },
    "Softmax": {
        "int8": Quantization((1 / 256,), (-128,)), "int16": Quantization((1 / 32768,), (0,)),
    },
    "Tanh": {
        "int8": Quantization((1 / 128,), (0,)), "int16": Quantization((1 / 32768,), (0,)),
    },
    "LogSoftmax": {"int8": Quantization((16 / 256,), (127,))},
}  # fmt: skip
_UNARY = {
    "Abs": "ABS", "Ceil": "CEIL", "Cos": "COS", "Elu": "ELU", "Exp": "EXP", "Floor": "FLOOR",
    "HardSwish": "HARD_SWISH", "LeakyRelu": "LEAKY_RELU", "Log": "LOG", "Relu": "RELU",
    "Round": "ROUND", "Rsqrt": "RSQRT", "Sigmoid": "LOGISTIC", "Sin": "SIN", "Sqrt": "SQRT",
    "Tanh": "TANH",
}  # fmt: skip
REAL_ONLY = {"Atan2", "Ceil", "Cos", "Exp", "Floor", "Log", "Round", "Sin", "Sqrt", "Div"}
_BINARY = {
    "Add": "ADD", "Atan2": "ATAN2", "Div": "DIV", "Max": "MAXIMUM", "Min": "MINIMUM", "Mul": "MUL",
    "Sub": "SUB",
}  # fmt: skip


def canonical(e: Emitter, node: Node) -> Grid | None:
    """The numbers that an integer operator's result must have, None where any do."""
    dtype = e.net.values[node.outputs[0]].dtype
    found = CANONICAL.get(node.kind, {}).get(dtype)
    return (dtype, found) if e.integer and found is not None else None


def unary(e: Emitter, node: Node) -> None:
    """A function of one number."""
    found = e.place(node.inputs[0])
    if node.kind == "Elu" and node.number("alpha", 1.0) != 1.0:
        raise e.net.fail(node, f"has alpha {node.number('alpha')}", "TFLite's ELU has alpha 1")
    result = e.define(node.outputs[0], found.order, found.columns, canonical(e, node))
    options = {"alpha": node.number("alpha", 0.01)} if node.kind == "LeakyRelu" else {}
    e.add(_UNARY[node.kind], [found.index], [result], **options)


def requantize(e: Emitter, node: Node) -> None:
    """From one quantization to another, or to real numbers and back: QUANTIZE."""
    e.integer = e.net.values[node.inputs[0]].quantization is not None
    found = e.place(node.inputs[0])
    e.integer = True
    result = e.define(node.outputs[0], found.order, found.columns)
    e.add("QUANTIZE", [found.index], [result])


def clip(e: Emitter, node: Node) -> None:
    """Limits: RELU6 for 0 to 6 in real numbers, else MAXIMUM and MINIMUM where they limit."""
    low, high = limits(e.net, node)
    found = e.place(node.inputs[0])
    if not e.integer and (low, high) == (0.0, 6.0):
        source, result = result_like(e, node)
        e.add("RELU6", [source], [result])
        return
    value = e.net.values[node.outputs[0]]
    grid: Grid = (value.dtype, value.quantization) if e.integer else ("float32", None)
    steps = [(kind, limit) for kind, limit in (("MAXIMUM", low), ("MINIMUM", high))
             if np.isfinite(limit) and _limits(grid, kind, limit)]  # fmt: skip
    source = e.in_grid(found.index, grid)
    if not steps:
        e.places[node.outputs[0]] = Place(source, found.order, found.columns)
        return
    for position, (kind, limit) in enumerate(steps):
        last = position == len(steps) - 1
        constant = _limit(e, node, grid, limit)
        if last:
            result = e.define(node.outputs[0], found.order, found.columns)
        else:
            result = e.like(source, f"{node.outputs[0]}/limited", e.shape(source))
        e.add(kind, [source, constant], [result])
        source = result


def _limits(grid: Grid, kind: str, limit: float) -> bool:
    """Whether a limit lies inside the numbers that the type has."""
    dtype, quantization = grid
    if quantization is None:
        return True
    info = np.iinfo(dtype)
    step = limit / quantization.scale + quantization.zero_point
    return round(step) > info.min if kind == "MAXIMUM" else round(step) < info.max


def _limit(e: Emitter, node: Node, grid: Grid, limit: float) -> int:
    dtype, quantization = grid
    name = f"{node.outputs[0]}/limit"
    if quantization is None:
        return e.constant(name, np.full(1, limit, np.float32))
    step = round(limit / quantization.scale + quantization.zero_point)
    return e.constant(name, np.full(1, step, dtype), quantization)


def clip_integers(e: Emitter, node: Node) -> None:
    """Limits in the type's own numbers, as narrow types (Brevitas' 4 bits in 8) have them."""
    value = e.net.values[node.outputs[0]]
    info = np.iinfo(value.dtype)
    found = e.place(node.inputs[0])
    source = found.index
    for kind, limit, none in (
        ("MAXIMUM", node.integer("low"), info.min), ("MINIMUM", node.integer("high"), info.max),
    ):  # fmt: skip
        if limit == none:
            continue
        constant = e.constant(
            f"{node.outputs[0]}/limit", np.full(1, limit, value.dtype), value.quantization
        )
        result = e.like(source, node.outputs[0], e.shape(source))
        e.add(kind, [source, constant], [result])
        source = result
    e.places[node.outputs[0]] = Place(source, found.order, found.columns)


def _order(e: Emitter, node: Node, rank: int) -> tuple[Order, tuple[int, ...] | None]:
    """The order in which most operands of an elementwise node lie already, and its columns."""
    best: Place | None = None
    most = -1
    for name in node.inputs:
        value = e.net.values[name]
        if name not in e.places or len(value.shape) != rank:
            continue
        found = e.places[name]
        if (
            best is None
            or int(np.prod(value.shape)) > most
            or (best.order == plain(rank) and int(np.prod(value.shape)) == most)
        ):
            best, most = found, int(np.prod(value.shape))
    alike = [
        e.places[n] for n in node.inputs
        if n in e.places and int(np.prod(e.net.values[n].shape)) == most
        and len(e.net.values[n].shape) == rank
    ]  # fmt: skip
    if len({p.order for p in alike}) > 1:
        # One of them has to move: to where the result is wanted.
        wanted = sought_order(e.net, node.outputs[0])
        best = next((p for p in alike if p.order == wanted), best)
    return (plain(rank), None) if best is None else (best.order, best.columns)


def _operand(e: Emitter, name: str, order: Order, columns: tuple[int, ...] | None) -> int:
    """An operand in `order`, its shape filled up with leading ones."""
    value = e.net.values[name]
    if name not in e.places and value.array is not None:
        if columns is not None and value.array.ndim and value.array.shape[-1] > 1:
            mixed = value.array[..., list(columns)]
            value = Value(f"{name}/mixed", mixed.shape, value.dtype, mixed, value.quantization)
        return e.constant_value(value, order)
    rank = len(order)
    missing = rank - len(value.shape)
    if not missing:
        if columns is not None and e.places[name].columns == columns:
            return e.place(name).index
        return e.take(name, order)
    index = e.take(name, plain(len(value.shape)))
    wide = (1,) * missing + value.shape
    if not same_memory(wide, plain(rank), order):
        axes = e.integers(f"{name}/permutation", order)
        filled = e.like(index, f"{name}/filled", wide)
        e.reshape(index, filled)
        result = e.like(index, f"{name}/placed", tuple(wide[a] for a in order))
        e.add("TRANSPOSE", [filled, axes], [result])
        e.moves.append(f"TRANSPOSE of {name}")
        return result
    result = e.like(index, f"{name}/filled", tuple(wide[a] for a in order))
    e.reshape(index, result)
    return result


def operands_in_order(e: Emitter, node: Node) -> tuple[list[int], Order]:
    """The operands of a node that works on what stands at the same place, in one order."""
    rank = len(e.net.values[node.outputs[0]].shape)
    order, _ = _order(e, node, rank)
    return [_operand(e, name, order, None) for name in node.inputs], order


def binary(e: Emitter, node: Node) -> None:
    """Two numbers at the same place; Max and Min of more are taken two at a time."""
    rank = len(e.net.values[node.outputs[0]].shape)
    order, columns = _order(e, node, rank)
    if columns is not None and any(
        name in e.places and e.places[name].columns != columns for name in node.inputs
    ):
        columns = None
    operands = [_operand(e, name, order, columns) for name in node.inputs]
    value = e.net.values[node.outputs[0]]
    kind = _BINARY[node.kind]
    if kind in ("MAXIMUM", "MINIMUM") and e.integer:
        operands = [e.in_grid(i, (value.dtype, value.quantization)) for i in operands]
    options: dict[str, str] = {}
    if kind not in ("ATAN2", "MAXIMUM", "MINIMUM"):
        options = {"fused_activation_function": activation(node)}
    left = operands[0]
    for position, right in enumerate(operands[1:], 2):
        if position == len(operands):
            result = e.define(node.outputs[0], order, columns)
        else:
            shape = np.broadcast_shapes(e.shape(left), e.shape(right))
            result = e.like(left, f"{node.outputs[0]}/part", tuple(int(n) for n in shape))
        e.add(kind, [left, right], [result], **options)
        left = result


def prelu(e: Emitter, node: Node) -> None:
    """PRelu: slopes for each channel."""
    rank = len(e.net.values[node.outputs[0]].shape)
    found = e.place(node.inputs[0])
    slopes = _operand(e, node.inputs[1], found.order, found.columns)
    result = e.define(node.outputs[0], found.order, found.columns)
    assert rank == len(found.order)
    tensor = e.tensors[slopes]
    if tensor.data is not None and rank > 1 and tensor.shape[0] == 1:
        # TFLite's slopes have no batch.
        slopes = e.constant(tensor.name, tensor.array[0], tensor.quantization)
    e.add("PRELU", [found.index, slopes], [result])


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_UNARY, unary),
    **dict.fromkeys(_BINARY, binary),
    "Clip": clip,
    "ClipIntegers": clip_integers,
    "PRelu": prelu,
    "Requantize": requantize,
}
