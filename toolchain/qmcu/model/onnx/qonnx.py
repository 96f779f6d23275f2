"""QONNX's Quant, as Brevitas, FINN and hls4ml write it: a rounding to N bits in real numbers.

Written as QuantizeLinear, Clip and DequantizeLinear, so that everything behind knows only QDQ.
Source: Pappalardo et al., "QONNX: Representing Arbitrary-Precision Quantized Neural Networks",
2022, section 4.
"""

import numpy as np

from qmcu.model.onnx.net import Net, Node, Value
from qmcu.types import Array

DOMAINS = {"onnx.brevitas", "qonnx.custom_op.general", "finn.custom_op.general"}
KINDS = {"Quant", "IntQuant"}
# Half to even, as QuantizeLinear rounds.
_ROUNDINGS = {"ROUND", "HALF_EVEN"}
_MOST_BITS = 16
_INSTEAD = "export with QuantizeLinear and DequantizeLinear (Brevitas: export_onnx_qcdq)"


def expand_quants(net: Net) -> None:
    """Replace each Quant by QuantizeLinear, Clip where its type is narrower, DequantizeLinear.

    Constants become integers, or real numbers where they have more bits than an int16. Raises
    ModelError for scales that are computed, other roundings, and activations of more bits.
    """
    nodes: list[Node] = []
    for node in net.nodes:
        nodes += _expanded(net, node) if node.kind in KINDS else [node]
    net.nodes = nodes


def _expanded(net: Net, node: Node) -> list[Node]:
    scale, zero, bits = (net.constant(name) for name in node.inputs[1:4])
    if scale is None or zero is None or bits is None:
        raise net.fail(node, "has a scale or a number of bits that is computed", _INSTEAD)
    mode = node.text("rounding_mode", "ROUND").upper()
    if mode not in _ROUNDINGS or np.any(zero != np.rint(zero)) or np.any(bits != np.rint(bits)):
        raise net.fail(node, "rounds otherwise than QuantizeLinear", _INSTEAD)
    signed, width = node.integer("signed", 1), int(np.max(bits))
    low = -(2 ** (width - 1)) + node.integer("narrow") if signed else 0
    high = 2 ** (width - 1) - 1 if signed else 2**width - 1 - node.integer("narrow")
    source = net.values[node.inputs[0]]
    if source.array is not None:
        steps = np.rint(np.asarray(source.array, np.float32) / scale.astype(np.float32)) + zero
        integers = np.clip(steps, low, high)
        if width > _MOST_BITS:
            real = ((integers - zero) * scale).astype(np.float32)
            net.values[node.outputs[0]] = Value(node.outputs[0], real.shape, "float32", real)
            return []
    elif width > _MOST_BITS:
        raise net.fail(node, f"rounds activations to {width} bits, more than 16", _INSTEAD)
    dtype = np.dtype(f"{'' if signed else 'u'}int{8 if width <= 8 else 16}")
    parameters, axis = _parameters(net, node, scale, zero, dtype)
    made = net.free_name(f"{node.outputs[0]}/integers")
    if source.array is not None:
        net.values[made] = Value(made, integers.shape, dtype.name, integers.astype(dtype))
        return [_node("DequantizeLinear", node, [made, *parameters], node.outputs[0], axis)]
    nodes = [_node("QuantizeLinear", node, [source.name, *parameters], made, axis)]
    net.values[made] = Value(made, (-1,), dtype.name)
    info = np.iinfo(dtype)
    if (low, high) != (info.min, info.max):
        limits = [
            net.add_constant(f"{node.outputs[0]}/{role}", np.asarray(end, dtype))
            for role, end in (("low", low), ("high", high))
        ]
        whole, made = made, net.free_name(f"{node.outputs[0]}/clipped")
        net.values[made] = Value(made, (-1,), dtype.name)
        nodes.append(Node("Clip", node.label, [whole, *limits], [made], {}))
    return [*nodes, _node("DequantizeLinear", node, [made, *parameters], node.outputs[0], axis)]


def _node(kind: str, node: Node, inputs: list[str], output: str, axis: int) -> Node:
    return Node(kind, node.label, inputs, [output], {"axis": axis})


def _parameters(
    net: Net, node: Node, scale: Array, zero: Array, dtype: np.dtype[np.generic]
) -> tuple[list[str], int]:
    """The names of the scales and zero points, in one dimension, and the axis that they are of."""
    scale, zero = np.broadcast_arrays(np.asarray(scale, np.float32), zero)
    long = [a for a, n in enumerate(scale.shape) if n > 1]
    if len(long) > 1:
        raise net.fail(node, "has a scale for more than each channel", _INSTEAD)
    shape = (-1,) if long else ()
    arrays = (scale.reshape(shape), np.rint(zero).astype(dtype).reshape(shape))
    names = [
        net.add_constant(f"{node.outputs[0]}/{role}", array)
        for role, array in zip(("scale", "zero"), arrays, strict=True)
    ]
    rank = len(net.values[node.inputs[0]].shape)
    return names, long[0] + max(0, rank - scale.ndim) if long else 0
