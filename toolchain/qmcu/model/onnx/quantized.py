"""The file's own quantization: Q and DQ nodes become scales and zero points of values.

A uint8 is written as the int8 that is 128 less, with a zero point that is 128 less: the same
real numbers. Where TFLite has no form for what the file says (weights with a zero point, weights
in blocks), the weights are rounded to one it has, and the Net says which and by how much.
"""

import numpy as np

from qmcu.model.graph import Quantization
from qmcu.model.onnx.net import Net, Node, Value, along
from qmcu.model.symmetric import HIGHEST, without_zero_point
from qmcu.types import Array

# The type in a .tflite for an ONNX integer type, and how much less its numbers are there.
_TYPES = {
    "int8": ("int8", 0), "uint8": ("int8", 128), "int16": ("int16", 0),
    "uint16": ("int16", 32768), "int32": ("int32", 0),
}  # fmt: skip
_LOWEST = -128


def absorb_quantization(net: Net) -> bool:
    """Give values the quantization of the Q and DQ nodes around them; answers whether any had.

    Afterwards the only such nodes left are Requantize, from one value to another's quantization.
    Raises ModelError for scales that are no constants.
    """
    net.nodes = [n for n in net.nodes if not _fold_dequantized(net, n)]
    found = any(v.quantization is not None for v in net.values.values())
    for node in list(net.nodes):
        if node.kind == "QuantizeLinear":
            _take_quantize(net, node)
            found = True
        elif node.kind == "DequantizeLinear":
            _take_dequantize(net, node)
            found = True
    net.nodes = [n for n in net.nodes if n.kind != "DequantizeLinear"]
    _take_integer_values(net)
    _merge_quantize(net)
    _center_int16(net)
    return found


def _center_int16(net: Net) -> None:
    """Activations of 16 bits with a zero point, which TFLite's have not: as wide a scale as both
    sides need.
    """
    changed = 0
    for value in net.values.values():
        grid = value.quantization
        if value.dtype != "int16" or grid is None or value.array is not None:
            continue
        if not grid.zero_point:
            continue
        reach = 32768 + abs(grid.zero_point)
        scale = float(np.float32(grid.scale * reach / 32768))
        value.quantization = Quantization((scale,), (0,))
        changed += 1
    if changed:
        net.notes.append(
            f"{changed} activations of 16 bits have a zero point, which TFLite's have not: their "
            "scale is wider by what that takes, at most twice as wide"
        )


def _parameters(net: Net, node: Node, dtype: str) -> Quantization:
    """The scales and zero points of a Q or DQ, zero points as the TFLite type has them."""
    scale, zero = net.operand(node, 1), net.operand(node, 2)
    if scale is None or scale.array is None or (zero is not None and zero.array is None):
        raise net.fail(
            node, "has a scale that is computed at run time", "quantize the model statically"
        )
    scales = tuple(float(s) for s in np.asarray(scale.array, np.float32).reshape(-1))
    if not np.all(np.isfinite(scales)):
        raise net.fail(
            node,
            f"has the scale {scales[0]}",
            "its calibration saw infinite numbers, as of an attention's mask: export that with a "
            "number such as -20 and quantize again",
        )
    if dtype not in _TYPES:
        raise net.fail(node, f"quantizes to {dtype}", "quantize to 8 or 16 bit integers")
    shift = _TYPES[dtype][1]
    array = np.zeros(len(scales), np.int64) if zero is None else np.asarray(zero.array, np.int64)
    zeros = tuple(int(z) - shift for z in array.reshape(-1))
    if len(zeros) == 1 and len(scales) > 1:
        zeros *= len(scales)
    return Quantization(scales, zeros, node.integer("axis", 1) if len(scales) > 1 else 0)


def _fold_dequantized(net: Net, node: Node) -> bool:
    """A DQ of a constant: the constant keeps its integers."""
    value = net.operand(node, 0)
    if node.kind != "DequantizeLinear" or value is None or value.array is None:
        return False
    array, dtype = value.array, str(value.array.dtype)
    scale = net.operand(node, 1)
    blocked = scale is not None and scale.array is not None and scale.array.ndim > 1
    if node.integer("block_size") or blocked:
        _take_blocks(net, node, value)
        return True
    quantization = _parameters(net, node, dtype)
    target, shift = _TYPES[dtype]
    if quantization.per_channel:
        axis = quantization.axis % array.ndim
        quantization = Quantization(quantization.scales, quantization.zero_points, axis)
    integers = (array.astype(np.int64) - shift).astype(target)
    name = node.outputs[0]
    zeros = np.array(quantization.zero_points, np.int64).reshape(
        along(quantization, array.ndim) if array.ndim else ()
    )
    own = integers.astype(np.int64) - zeros
    net.values[name] = Value(name, array.shape, target, integers, quantization, own)
    return True


def _take_blocks(net: Net, node: Node, value: Value) -> None:
    """Weights with a scale for each block: as real numbers, to be quantized for each channel."""
    array = np.asarray(value.array)
    scales = np.asarray(net.values[node.inputs[1]].array, np.float64)
    zero = net.operand(node, 2)
    zeros = np.zeros_like(scales) if zero is None else np.asarray(zero.array, np.float64)
    axis = node.integer("axis", 1) % array.ndim
    size = node.integer("block_size") or -(-array.shape[axis] // scales.shape[axis])
    wide = [np.repeat(a, size, axis).take(range(array.shape[axis]), axis) for a in (scales, zeros)]
    real = ((array - wide[1]) * wide[0]).astype(np.float32)
    name = node.outputs[0]
    net.values[name] = Value(name, array.shape, "float32", real)
    net.changed[name] = (
        f"weights {value.name} have a scale for each block of {size}; TFLite has none smaller than "
        "a channel: rounded to int8 with a scale for each channel"
    )


def _take_quantize(net: Net, node: Node) -> None:
    zero = net.operand(node, 2)
    dtype = "uint8" if zero is None else zero.dtype
    named = node.integer("output_dtype")
    if zero is None and named:
        dtype = {2: "uint8", 3: "int8", 4: "uint16", 5: "int16"}.get(named, "int8")
    quantization = _parameters(net, node, dtype)
    if quantization.per_channel:
        raise net.fail(
            node,
            "has activations with a scale for each channel",
            "quantize activations per tensor, as TFLite has them",
        )
    output = net.values[node.outputs[0]]
    output.dtype, output.quantization = _TYPES[dtype][0], quantization
    node.kind, node.inputs = "Requantize", node.inputs[:1]


def _take_dequantize(net: Net, node: Node) -> None:
    """A DQ of an activation: who reads its result reads the integers."""
    value = net.values[node.inputs[0]]
    if value.quantization is None:
        zero = net.operand(node, 2)
        dtype = value.dtype if zero is None else zero.dtype
        quantization = _parameters(net, node, dtype)
        value.dtype, value.quantization = _TYPES[dtype][0], quantization
        _quantize_table(net, value)
    net.rename(node.outputs[0], node.inputs[0])


def _quantize_table(net: Net, value: Value) -> None:
    """Constants of integers that are moved before their DQ, as an embedding's table is, and all
    that are joined there.
    """
    producers = net.producers()
    grid, dtype = value.quantization, value.dtype
    pending = [value.name]
    while pending:
        maker = producers.get(pending.pop())
        if maker is None or maker.kind not in _MOVING:
            continue
        for name in maker.inputs if maker.kind == "Concat" else maker.inputs[:1]:
            source = net.values[name]
            if source.quantization is not None:
                continue
            if source.array is None:
                source.quantization, source.dtype = grid, dtype
                pending.append(name)
            elif source.array.dtype.name in _TYPES:
                target, shift = _TYPES[source.array.dtype.name]
                source.array = (source.array.astype(np.int64) - shift).astype(target)
                source.quantization, source.dtype = grid, target


# Between Q and DQ a file may compute with the integers themselves, by operators that only move
# or choose them.
_MOVING = {
    "Concat", "DepthToSpace", "Expand", "Flatten", "Gather", "Identity", "MaxPool", "Pad", "Relu",
    "Reshape", "Resize", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose",
    "Unsqueeze", "Upsample",
}  # fmt: skip


def _take_integer_values(net: Net) -> None:
    """Values that the file computes in integers have the quantization of what they are made of."""
    producers = net.producers()
    for node in net.nodes:
        source = net.operand(node, 0)
        if node.kind == "Clip" and source is not None and source.quantization is not None:
            _take_clip(net, node, producers)
        if node.kind not in _MOVING or source is None or source.quantization is None:
            continue
        for name in node.outputs:
            value = net.values[name]
            if value.quantization is None and value.dtype != "float32":
                value.dtype, value.quantization = source.dtype, source.quantization


def _take_clip(net: Net, node: Node, producers: dict[str, Node]) -> None:
    """A Clip of integers (Brevitas' narrow types): limits in the type's own numbers.

    One that holds the whole type goes away.
    """
    source = net.values[node.inputs[0]]
    assert source.quantization is not None
    limits = [net.operand(node, i) for i in (1, 2)]
    kinds = [v.dtype for v in limits if v is not None]
    if not kinds or not all(k in _TYPES for k in kinds):
        return
    target, shift = _TYPES[kinds[0]]
    info = np.iinfo(target)
    found = [
        default if v is None or v.array is None else int(v.array.reshape(-1)[0]) - shift
        for v, default in zip(limits, (info.min, info.max), strict=True)
    ]
    value = net.values[node.outputs[0]]
    value.dtype, value.quantization = source.dtype, source.quantization
    node.inputs = node.inputs[:1]
    node.kind = "ClipIntegers"
    node.attributes = {"low": max(found[0], info.min), "high": min(found[1], info.max)}
    if node.attributes["low"] == info.min and node.attributes["high"] == info.max:
        node.kind = "Identity"


def _merge_quantize(net: Net) -> None:
    """A Q right behind the operator that makes its input: the operator makes the integers."""
    producers, uses = net.producers(), net.uses()
    dropped: set[int] = set()
    for node in net.nodes:
        if node.kind != "Requantize" or id(node) in dropped:
            continue
        source, target = net.values[node.inputs[0]], net.values[node.outputs[0]]
        if source.quantization is not None:
            if source.quantization == target.quantization and source.dtype == target.dtype:
                _replace(net, node, source.name)
                dropped.add(id(node))
            continue
        readers = uses.get(source.name, [])
        takers = [r for r in readers if r.kind == "Requantize"]
        alike = len({_grid(net.values[r.outputs[0]]) for r in takers}) == 1
        if alike and len(takers) < len(readers):
            other = next(r for r in readers if r.kind != "Requantize")
            net.notes.append(
                f"{source.name} is read quantized and, by {other}, as real numbers; in the .tflite "
                "both read the quantized ones"
            )
        if not alike or source.name in net.outputs or source.array is not None:
            continue
        if source.name not in producers and source.name not in net.inputs:
            continue
        source.dtype, source.quantization = target.dtype, target.quantization
        net.integer_names[source.name] = target.name
        for reader in takers:
            _replace(net, reader, source.name)
            dropped.add(id(reader))
    net.nodes = [n for n in net.nodes if id(n) not in dropped]


def _grid(value: Value) -> tuple[object, str]:
    return value.quantization, value.dtype


def _replace(net: Net, node: Node, name: str) -> None:
    net.rename(node.outputs[0], name)


def symmetric(net: Net, value: Value, node: Node, axis: int) -> Value:
    """A layer's weights with zero point 0, as TFLite has them; the same Value where they are.

    A zero point is taken off exactly in each channel (along `axis`) whose results are int8; the
    weights of the others are rounded to a scale of their own, and the Net says so.
    """
    assert value.quantization is not None and value.array is not None
    quantization = value.quantization
    if not any(quantization.zero_points):
        return value
    array = value.array.astype(np.int64)
    rank, count = array.ndim, array.shape[axis]
    shape = [-1 if a == axis else 1 for a in range(rank)]
    zeros = np.broadcast_to(np.array(quantization.zero_points, np.int64), (count,))
    shifted = array - zeros.reshape(shape)
    scales = np.broadcast_to(np.array(quantization.scales, np.float64), (count,))
    rounded, factors = without_zero_point(shifted, axis, _LOWEST)
    if (factors == 1).all():
        kept = Quantization(quantization.scales, (0,) * len(quantization.scales), axis)
        return Value(value.name, value.shape, "int8", rounded, kept)
    spread = factors.reshape(shape)
    off = np.abs(rounded * spread - shifted)
    net.changed[value.name] = (
        f"weights {value.name} of {node} have the zero point {_span(quantization.zero_points)}, "
        f"TFLite's must be 0: {int((off > 0).sum())} of {array.size} are rounded, in "
        f"{int((factors != 1).sum())} of {count} channels, by at most {off.max():.2f} and "
        f"{np.sqrt(np.mean(off**2)):.2f} (root mean square) of the file's steps"
    )
    new = tuple(float(np.float32(s)) for s in scales * factors)
    grid = Quantization(new, (0,) * count, axis)
    return Value(value.name, value.shape, "int8", rounded, grid)


def _span(zeros: tuple[int, ...]) -> str:
    low, high = min(zeros), max(zeros)
    return str(low) if low == high else f"{low} to {high}"


def quantize_constant(array: Array, axis: int | None) -> tuple[Array, Quantization]:
    """Real numbers as symmetric int8: one scale, or one for each slice along `axis`."""
    array = np.asarray(array, np.float64)
    axes = None if axis is None else tuple(a for a in range(array.ndim) if a != axis)
    largest = np.asarray(np.abs(array).max(axis=axes), np.float64).reshape(-1)
    scales = np.where(largest > 0, largest, 1.0) / HIGHEST
    scales = scales.astype(np.float32).astype(np.float64)
    shape = () if axis is None else tuple(-1 if a == axis else 1 for a in range(array.ndim))
    integers = np.clip(np.rint(array / scales.reshape(shape)), -HIGHEST, HIGHEST)
    quantization = Quantization(tuple(map(float, scales)), (0,) * scales.size, axis or 0)
    return integers.astype(np.int8), quantization
