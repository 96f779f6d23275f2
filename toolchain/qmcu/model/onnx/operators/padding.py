"""Numbers around a value: zeros, another number, its edge again, its mirror, its other end."""

import numpy as np

from qmcu.model.onnx.emit import Emitter
from qmcu.model.onnx.layout import Order
from qmcu.model.onnx.net import Node
from qmcu.model.onnx.operators.handler import Grid, Handler
from qmcu.types import Array

Amounts = dict[int, tuple[int, int]]


def pad(e: Emitter, node: Node) -> None:
    """Pad: PAD with zero, PADV2 with another number, MIRROR_PAD for reflect and edge.

    Negative amounts are cut off first; wrap joins the other end.
    """
    value, out = e.net.values[node.inputs[0]], e.net.values[node.outputs[0]]
    mode = node.text("mode", "constant")
    if mode not in ("constant", "reflect", "edge", "wrap"):
        raise e.net.fail(node, f"pads by {mode}", "use constant, reflect, edge or wrap")
    amounts = _amounts(e, node, len(value.shape))
    order = e.place(node.inputs[0]).order
    source = e.take(node.inputs[0], order)
    source = _cropped(e, out.name, source, order, amounts)
    amounts = {a: (max(b, 0), max(c, 0)) for a, (b, c) in amounts.items()}
    if not any(n for both in amounts.values() for n in both):
        result = e.define(out.name, order, grid=e.grid(source))
        e.reshape(source, result)
        return
    if mode == "wrap":
        _wrap(e, out.name, source, order, amounts)
    elif mode == "edge":
        _edge(e, out.name, source, order, amounts)
    else:
        _surround(e, node, source, order, amounts, mode)


def _amounts(e: Emitter, node: Node, rank: int) -> Amounts:
    operand, axes_value = e.net.operand(node, 1), e.net.operand(node, 3)
    if operand is not None and operand.array is None:
        raise e.net.fail(node, "pads by what run time says", "export constant amounts")
    given = node.integers("pads") if operand is None else np.ravel(np.asarray(operand.array))
    axes = list(range(rank))
    if axes_value is not None:
        axes = [int(a) % rank for a in np.ravel(np.asarray(axes_value.array))]
    return {a: (int(given[i]), int(given[i + len(axes)])) for i, a in enumerate(axes)}


def _cropped(e: Emitter, name: str, source: int, order: Order, amounts: Amounts) -> int:
    """The value without what negative amounts take off."""
    off = [tuple(max(-n, 0) for n in amounts.get(a, (0, 0))) for a in order]
    if not any(n for both in off for n in both):
        return source
    sizes = [n - b - c for n, (b, c) in zip(e.shape(source), off, strict=True)]
    return _slice(e, name, source, [b for b, _ in off], sizes)


def _slice(e: Emitter, name: str, source: int, begin: list[int], sizes: list[int]) -> int:
    result = e.like(source, f"{name}/cut", tuple(sizes))
    operands = [source, e.integers(f"{name}/begin", begin), e.integers(f"{name}/sizes", sizes)]
    e.add("SLICE", operands, [result])
    return result


def _surround(
    e: Emitter, node: Node, source: int, order: Order, amounts: Amounts, mode: str
) -> None:
    name = node.outputs[0]
    result = e.define(name, order, grid=e.grid(source))
    table = np.array([amounts.get(a, (0, 0)) for a in order], np.int32)
    operands = [source, e.constant(f"{name}/pads", table)]
    number = _padding_value(e, node)
    if mode == "reflect":
        e.add("MIRROR_PAD", operands, [result], mode="REFLECT")
    elif number == 0.0:
        e.add("PAD", operands, [result])
    else:
        grid = e.grid(source)
        operands.append(e.constant(f"{name}/value", _in_numbers(number, grid), grid[1]))
        e.add("PADV2", operands, [result])


def _in_numbers(number: float, grid: Grid) -> Array:
    """A number as a scalar of the value's type, which PADV2 wants it to be."""
    dtype, quantization = grid
    if quantization is None:
        return np.array(number, np.float32 if dtype.startswith("float") else dtype)
    info = np.iinfo(dtype)
    if not np.isfinite(number):
        return np.array(info.min if number < 0 else info.max, dtype)
    step = round(number / quantization.scale) + quantization.zero_point
    return np.array(np.clip(step, info.min, info.max), dtype)


def _edge(e: Emitter, name: str, source: int, order: Order, amounts: Amounts) -> None:
    """The edge again and again: one ring after the other of MIRROR_PAD, which repeats the edge."""
    rings = max(n for both in amounts.values() for n in both)
    for ring in range(rings):
        table = [tuple(int(n > ring) for n in amounts.get(a, (0, 0))) for a in order]
        shape = tuple(n + b + c for n, (b, c) in zip(e.shape(source), table, strict=True))
        last = ring == rings - 1
        grid = e.grid(source)
        result = e.define(name, order, grid=grid) if last else e.like(source, f"{name}/ring", shape)
        pads = e.constant(f"{name}/pads", np.array(table, np.int32))
        e.add("MIRROR_PAD", [source, pads], [result], mode="SYMMETRIC")
        source = result


def _wrap(e: Emitter, name: str, source: int, order: Order, amounts: Amounts) -> None:
    """The other end before and behind, axis by axis."""
    axes = [a for a in amounts if any(amounts[a])]
    for axis in axes:
        place = order.index(axis)
        before, behind = amounts[axis]
        shape, size = list(e.shape(source)), e.shape(source)[place]
        parts = []
        for start, count in ((size - before, before), (0, behind)):
            begin, sizes = [0] * len(order), list(shape)
            begin[place], sizes[place] = start, count
            parts.append(_slice(e, name, source, begin, sizes) if count else None)
        joined = [p for p in (parts[0], source, parts[1]) if p is not None]
        shape[place] += before + behind
        grid, last = e.grid(source), axis == axes[-1]
        result = e.define(name, order, grid=grid) if last else e.like(source, f"{name}/wrapped",
                                                                      tuple(shape))  # fmt: skip
        e.add("CONCATENATION", joined, [result], axis=place, fused_activation_function="NONE")
        source = result


def _padding_value(e: Emitter, node: Node) -> float:
    operand = e.net.operand(node, 2)
    if operand is None:
        return node.number("value")
    if operand.array is None or not operand.array.size:
        return 0.0
    source = e.net.values[node.inputs[0]]
    if operand.quantization is None and operand.array.dtype.kind in "iu" and source.quantization:
        # An integer of the file's type among integers.
        shift = 128 if operand.array.dtype == np.uint8 else 0
        step = int(operand.array.reshape(-1)[0]) - shift - source.quantization.zero_point
        return float(step * source.quantization.scale)
    return float(operand.real.reshape(-1)[0])


HANDLERS: dict[str, Handler] = {"Pad": pad}
