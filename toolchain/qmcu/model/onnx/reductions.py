"""Reductions and normalizations without a TFLite operator, as those that have one."""

from collections.abc import Callable
from typing import Any

import numpy as np

from qmcu.model.onnx.layout import reduced_axes
from qmcu.model.onnx.maker import Maker
from qmcu.model.onnx.net import Net, Node
from qmcu.types import Shape

# More slices of an axis than this are no product to be written out.
_MOST_FACTORS = 16
# More numbers than this have a triangle of ones that is no small matrix.
_MOST_SUMMED = 256


def _axes(m: Maker) -> tuple[tuple[int, ...], Shape, Shape, dict[str, Any]]:
    """The reduced axes, the result's shape with and without them, and a reduction's attributes."""
    shape = m.source.shape
    axes = reduced_axes(m.net, m.node, len(shape))
    kept = tuple(1 if a in axes else n for a, n in enumerate(shape))
    keep = m.node.integer("keepdims", 1)
    small = kept if keep else tuple(n for a, n in enumerate(shape) if a not in axes)
    return axes, kept, small, {"axes": list(axes), "keepdims": keep}


def _absolute(m: Maker) -> list[Node]:
    *_, options = _axes(m)
    m.add("ReduceSum", [m.same("Abs", m.source.name)], **options)
    return m.nodes


def _squares(m: Maker) -> list[Node]:
    *_, options = _axes(m)
    m.add("ReduceSum", [m.same("Mul", m.source.name, m.source.name)], **options)
    return m.nodes


def _length(m: Maker) -> list[Node]:
    """The root of the sum of squares."""
    _, _, small, options = _axes(m)
    square = m.same("Mul", m.source.name, m.source.name)
    m.add("Sqrt", [m.add("ReduceSum", [square], small, **options)])
    return m.nodes


def _log_sum(m: Maker) -> list[Node]:
    _, _, small, options = _axes(m)
    m.add("Log", [m.add("ReduceSum", [m.source.name], small, **options)])
    return m.nodes


def _log_sum_exp(m: Maker) -> list[Node]:
    """m + log(sum(exp(x - m))) with the largest number m, which never overflows."""
    axes, kept, small, options = _axes(m)
    largest = m.add("ReduceMax", [m.source.name], kept, axes=list(axes), keepdims=1)
    grown = m.same("Exp", m.same("Sub", m.source.name, largest))
    log = m.add("Log", [m.add("ReduceSum", [grown], small, **options)], small)
    m.add("Add", [log, largest if small == kept else m.add("Reshape", [largest], small)])
    return m.nodes


def _product(m: Maker) -> list[Node]:
    """The slices of one short axis, multiplied."""
    axes, kept, *_ = _axes(m)
    count = m.source.shape[axes[0]] if len(axes) == 1 else 0
    if not 0 < count <= _MOST_FACTORS:
        raise m.net.fail(
            m.node, f"multiplies more than {_MOST_FACTORS} numbers", "leave it to the host"
        )
    parts = []
    for i in range(count):
        bounds = [m.constant("bound", [n]) for n in (i, i + 1, axes[0])]
        parts.append(m.add("Slice", [m.source.name, *bounds], kept))
    value = parts[0]
    for part in parts[1:]:
        value = m.add("Mul", [value, part], kept)
    m.add("Reshape", [value])
    return m.nodes


def _running_sum(m: Maker) -> list[Node]:
    """CumSum: a product with a triangle of ones, along the axis that is made the last."""
    shape, rank = m.source.shape, len(m.source.shape)
    axis = int(m.net.values[m.operand(1)].real.reshape(-1)[0]) % rank
    count = shape[axis]
    if count > _MOST_SUMMED:
        raise m.net.fail(m.node, f"runs over {count} numbers", f"use at most {_MOST_SUMMED}")
    ones = np.triu(np.ones((count, count), np.float32), int(m.node.integer("exclusive")))
    matrix = m.constant("ones", ones.T if m.node.integer("reverse") else ones)
    order = [a for a in range(rank) if a != axis] + [axis]
    if axis == rank - 1:
        m.add("MatMul", [m.source.name, matrix])
        return m.nodes
    turned = tuple(shape[a] for a in order)
    x = m.add("Transpose", [m.source.name], turned, perm=order)
    total = m.add("MatMul", [x, matrix], turned)
    m.add("Transpose", [total], perm=[order.index(a) for a in range(rank)])
    return m.nodes


def _unit_length(m: Maker) -> list[Node]:
    """LpNormalization: divided by the sum of sizes or the root of the sum of squares."""
    axis = m.node.integer("axis", -1) % len(m.source.shape)
    small = tuple(1 if a == axis else n for a, n in enumerate(m.source.shape))
    options: dict[str, object] = {"axes": [axis], "keepdims": 1}
    x = m.source.name
    if m.node.integer("p", 2) == 1:
        total = m.add("ReduceSum", [m.same("Abs", x)], small, **options)
        m.add("Div", [x, total])
        return m.nodes
    total = m.add("ReduceSum", [m.same("Mul", x, x)], small, **options)
    m.add("Mul", [x, m.add("Rsqrt", [total], small)])
    return m.nodes


def _local_response(m: Maker) -> list[Node]:
    """LRN: each channel by a power of the sum of squares of its neighbours, which a 1x1 layer adds.

    x (bias + alpha / size sum)^-beta; a beta of 0.75 and 0.5 by reciprocal roots.
    """
    channels, size = m.source.shape[1], m.node.integer("size", 1)
    alpha, beta = m.node.number("alpha", 1e-4), m.node.number("beta", 0.75)
    position = np.arange(channels)
    apart = position[None] - position[:, None]
    near = (apart >= -((size - 1) // 2)) & (apart <= size // 2)
    rank = len(m.source.shape)
    band = (near * (alpha / size)).reshape(channels, channels, *(1,) * (rank - 2))
    bias = np.full(channels, m.node.number("bias", 1.0), np.float32)
    x = m.source.name
    total = m.same("Conv", m.same("Mul", x, x), m.constant("band", band), m.constant("bias", bias))
    root = m.same("Rsqrt", total)
    if beta == 0.5:
        factor = root
    elif beta == 0.75:
        factor = m.same("Mul", root, m.same("Mul", root, m.same("Rsqrt", root)))
    else:
        raise m.net.fail(m.node, f"has beta {beta:g}", "0.5 and 0.75 are computed by roots")
    m.add("Mul", [x, factor])
    return m.nodes


def fuse_unit_length(net: Net, node: Node) -> bool:
    """x / max(|x|, epsilon) of rows, as exporters write a normalized row: by a reciprocal root."""
    if node.kind != "Div" or net.values[node.outputs[0]].quantization is not None:
        return False
    producers = net.producers()
    names = node.inputs[1]
    made = producers.get(names)
    if made is not None and made.kind == "Expand":
        made = producers.get(made.inputs[0])
    if made is None or made.kind not in ("Clip", "Max"):
        return False
    length = producers.get(made.inputs[0])
    least = net.constant(made.inputs[1]) if len(made.inputs) > 1 and made.inputs[1] else None
    if length is None or length.kind != "ReduceL2" or least is None or least.size != 1:
        return False
    if length.inputs[0] != node.inputs[0] or not length.integer("keepdims", 1):
        return False
    # The rows lie on the axes that ReduceL2 keeps as 1; epsilon only keeps it from dividing by 0.
    shape = net.values[node.inputs[0]].shape
    axes = reduced_axes(net, length, len(shape))
    if len(axes) != 1:
        return False
    node.kind, node.inputs = "LpNormalization", node.inputs[:1]
    node.attributes = {"axis": axes[0], "p": 2}
    return True


FORMS: dict[str, Callable[[Maker], list[Node] | None]] = {
    "CumSum": _running_sum,
    "LRN": _local_response,
    "LpNormalization": _unit_length,
    "ReduceL1": _absolute,
    "ReduceL2": _length,
    "ReduceLogSum": _log_sum,
    "ReduceLogSumExp": _log_sum_exp,
    "ReduceProd": _product,
    "ReduceSumSquare": _squares,
}
