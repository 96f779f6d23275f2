"""Layers with weights: convolutions, their transposes, rows times a matrix.

The integers of the weights are the file's; the bias is int32 in input scale times weight scale.
"""

from dataclasses import replace

import numpy as np

from qmcu.model.graph import OptionValue, Quantization
from qmcu.model.onnx.emit import Emitter
from qmcu.model.onnx.layout import channels_last, plain
from qmcu.model.onnx.net import Node, Value
from qmcu.model.onnx.operators.handler import (
    Handler,
    activation,
    image_result,
    images,
    place_image,
)
from qmcu.model.onnx.operators.windows import padded, window_options
from qmcu.model.onnx.quantized import quantize_constant, symmetric
from qmcu.types import Array

# A bias' scale that differs by less from input scale times weight scale is the same one,
# computed elsewhere.
_SAME_SCALE = 1e-5
_INT32 = 2**31 - 1


def _weights(
    e: Emitter, node: Node, order: tuple[int, ...], axis: int, shape: tuple[int, ...] | None = None
) -> tuple[int, Quantization | None]:
    """A layer's weights as a tensor: reshaped to `shape`, then in `order`.

    `axis` is that of output channels in the file's own shape.
    """
    value = e.net.values[node.inputs[1]]
    if value.array is None:
        raise e.net.fail(
            node, "has weights that are computed at run time", "export constant weights"
        )
    if not e.integer:
        return e.constant(value.name, _arranged(value.real.astype(np.float32), order, shape)), None
    own = value.file
    value = _integers(e, node, value, axis)
    assert value.quantization is not None and value.array is not None
    array = _arranged(value.array, order, shape)
    quantization = value.quantization
    if quantization.per_channel:
        # Axes that `shape` adds stand behind the channels.
        place = order.index(axis)
        quantization = Quantization(quantization.scales, quantization.zero_points, place)
    if own is not None:
        equal = int(np.count_nonzero(_arranged(own, order, shape) == array))
        e.weights.append((value.name, array.size, equal))
    return e.constant(value.name, array, quantization), quantization


def _arranged(array: Array, order: tuple[int, ...], shape: tuple[int, ...] | None) -> Array:
    return np.transpose(array if shape is None else array.reshape(shape), order)


def _integers(e: Emitter, node: Node, value: Value, axis: int) -> Value:
    """The weights as TFLite may have them: int8, zero point 0, a scale for each output channel."""
    if value.quantization is None or (
        value.quantization.per_channel and value.quantization.axis != axis
    ):
        if value.quantization is not None:
            e.net.changed[value.name] = (
                f"weights {value.name} of {node} have a scale along axis "
                f"{value.quantization.axis}, TFLite's along output channels: quantized again"
            )
        elif value.name not in e.net.changed:
            e.chosen.append(value.name)
        array, quantization = quantize_constant(value.real, axis)
        return Value(value.name, value.shape, "int8", array, quantization)
    if value.dtype != "int8":
        raise e.net.fail(node, f"has {value.dtype} weights", "quantize weights to int8")
    return symmetric(e.net, value, node, axis)


def _bias(e: Emitter, node: Node, source: int, weights: Quantization | None, count: int) -> int:
    """The bias: float32, or integers in input scale times weight scale."""
    value = e.net.operand(node, 2)
    if value is not None and value.array is None:
        raise e.net.fail(node, "has a bias that is computed at run time", "export a constant")
    name = f"{node.outputs[0]}/bias" if value is None else value.name
    if not e.integer:
        real = np.zeros(count) if value is None else value.real
        return e.constant(name, real.astype(np.float32))
    dtype, grid = e.grid(source)
    assert weights is not None and grid is not None
    wide = np.int64 if dtype == "int16" else np.int32
    products = np.float32(grid.scale) * np.array(weights.scales, np.float32)
    new = Quantization(tuple(map(float, products)), (0,) * len(products), 0)
    if value is None:
        return e.constant(name, np.zeros(count, wide), new)
    steps = value.real.reshape(-1) / np.broadcast_to(products.astype(np.float64), (count,))
    old = value.quantization
    if old is not None and value.array is not None and not any(old.zero_points):
        scales = np.broadcast_to(np.array(old.scales), products.shape)
        if np.all(np.abs(scales - products) <= _SAME_SCALE * products):
            return e.constant(name, value.array.reshape(-1).astype(wide), new)
    rounded = np.clip(np.rint(steps), -_INT32, _INT32)
    if old is not None:
        e.biases.append((name, count, float(np.abs(rounded - steps).max())))
    return e.constant(name, rounded.astype(wide), new)


def convolution(e: Emitter, node: Node) -> None:
    """Conv of one or two spatial axes: CONV_2D, or DEPTHWISE_CONV_2D for groups of one channel."""
    found = e.place(node.inputs[0])
    groups = node.integer("group", 1)
    mixed = found.columns is not None and found.order == channels_last(len(found.order))
    if mixed and groups == 1:
        node = _mixed(e, node, found.columns or ())
    source = images(e, node, mixed=mixed and groups == 1)
    value = e.net.values[node.inputs[1]]
    outputs, per_group = value.shape[0], value.shape[1]
    shape = value.shape if len(value.shape) == 4 else (outputs, per_group, 1, value.shape[2])
    options, pads = window_options(e, node, shape[2:], source)
    source = padded(e, node, source, pads)
    depthwise = groups > 1 and per_group == 1
    order = (1, 2, 3, 0) if depthwise else (0, 2, 3, 1)
    weights, quantization = _weights(e, node, order, 0, shape)
    bias = _bias(e, node, source, quantization, outputs)
    result, _ = image_result(e, node)
    options["fused_activation_function"] = activation(node)
    if depthwise:
        options["depth_multiplier"] = outputs // groups
    kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    e.add(kind, [source, weights, bias], [result], **options)
    place_image(e, node, result)


def transposed_convolution(e: Emitter, node: Node) -> None:
    """ConvTranspose: TRANSPOSE_CONV, and a SLICE where its padding is none of TFLite's."""
    source = images(e, node)
    value = e.net.values[node.inputs[1]]
    inputs, outputs = value.shape[:2]
    shape = value.shape if len(value.shape) == 4 else (inputs, outputs, 1, value.shape[2])
    if node.integer("group", 1) != 1:
        raise e.net.fail(node, "has groups, which TRANSPOSE_CONV lacks", "use one group")
    if any(d != 1 for d in node.integers("dilations")):
        raise e.net.fail(node, "is dilated, which TRANSPOSE_CONV lacks", "use dilation 1")
    weights, quantization = _weights(e, node, (1, 2, 3, 0), 1, shape)
    bias = _bias(e, node, source, quantization, outputs)
    result, _ = image_result(e, node)
    _, height, width, channels = e.shape(result)
    strides = (1,) * (2 - len(value.shape[2:])) + (node.integers("strides") or (1,) * 2)[-2:]
    strides = (1, strides[-1]) if len(value.shape) == 3 else strides
    rank = len(value.shape) - 2
    begins = (0,) * (2 - rank) + (node.integers("pads") or (0,) * 4)[:rank]
    full = [
        (n - 1) * s + k for n, s, k in zip(e.shape(source)[1:3], strides, shape[2:], strict=True)
    ]
    begins = _begins(node, begins, full, (height, width))
    options: dict[str, OptionValue] = {"stride_h": strides[0], "stride_w": strides[1],
               "fused_activation_function": activation(node)}  # fmt: skip
    if any(b + n > f for b, n, f in zip(begins, (height, width), full, strict=True)):
        raise e.net.fail(node, "pads its output beyond its windows", "use a smaller output_padding")
    whole = (1, *full, channels)
    if tuple(full) == (height, width):
        target, padding = result, "VALID"
    elif _is_same(begins, full, (height, width), strides, e.shape(source)[1:3]):
        target, padding = result, "SAME"
    else:
        target, padding = e.like(result, f"{node.outputs[0]}/whole", whole), "VALID"
    size = e.integers(f"{node.outputs[0]}/size", e.shape(target))
    e.add("TRANSPOSE_CONV", [size, weights, source, bias], [target], 3, padding=padding, **options)
    if target != result:
        begin = e.integers(f"{node.outputs[0]}/begin", (0, *begins, 0))
        sizes = e.integers(f"{node.outputs[0]}/sizes", e.shape(result))
        e.add("SLICE", [target, begin, sizes], [result])
    place_image(e, node, result)


def _begins(
    node: Node, begins: tuple[int, ...], full: list[int], out: tuple[int, int]
) -> tuple[int, ...]:
    """The paddings before, which auto_pad or output_shape may tell."""
    auto = node.text("auto_pad", "NOTSET")
    if auto in ("NOTSET", "VALID") and not node.integers("output_shape"):
        return begins
    total = [max(f - n, 0) for f, n in zip(full, out, strict=True)]
    return tuple(t - t // 2 if auto == "SAME_LOWER" else t // 2 for t in total)


def _is_same(
    begins: tuple[int, ...], full: list[int], out: tuple[int, int], strides: tuple[int, ...],
    source: tuple[int, ...],
) -> bool:  # fmt: skip
    return all(
        o == n * s and b == max(f - o, 0) // 2 and f >= o
        for b, f, o, s, n in zip(begins, full, out, strides, source, strict=True)
    )


def _mixed(e: Emitter, node: Node, columns: tuple[int, ...]) -> Node:
    """The node with its weights' inputs, axis 1, in the order in which `columns` lie."""
    value = e.net.values[node.inputs[1]]
    if value.array is None:
        raise e.net.fail(
            node, "has weights that are computed at run time", "export constant weights"
        )
    mixed = value.array[:, list(columns)]
    key = e.net.add_constant(f"{value.name}/mixed", mixed, value.quantization)
    if value.file is not None:
        e.net.values[key].file = value.file[:, list(columns)]
    return replace(node, inputs=[node.inputs[0], key, *node.inputs[2:]])


def linear(e: Emitter, node: Node) -> None:
    """Rows times weights [O, I]: FULLY_CONNECTED; a mixed row mixes the weights' columns."""
    name = node.inputs[0]
    found = e.place(name)
    rank = len(found.order)
    columns = found.columns
    order = found.order if found.order[-1] == rank - 1 else plain(rank)
    if columns is not None and order == found.order:
        source = found.index
        node = _mixed(e, node, columns)
    else:
        source = e.take(name, order)
    weights, quantization = _weights(e, node, (0, 1), 0)
    outputs = e.shape(weights)[0]
    bias = _bias(e, node, source, quantization, outputs)
    result = e.define(node.outputs[0], order)
    e.add(
        "FULLY_CONNECTED", [source, weights, bias], [result],
        fused_activation_function=activation(node), keep_num_dims=rank > 2,
    )  # fmt: skip


def product(e: Emitter, node: Node) -> None:
    """MatMul of two activations: BATCH_MATMUL; a transpose of either is an option of it."""
    places = []
    for name in node.inputs[:2]:
        value = e.net.values[name]
        rank = len(value.shape)
        if rank < 2:
            raise e.net.fail(node, "multiplies by a vector", "give it two axes")
        order = e.places[name].order if name in e.places else plain(rank)
        swapped = (*range(rank - 2), rank - 1, rank - 2)
        flip = order == swapped
        places.append((e.take(name, order if flip else plain(rank)), flip))
    result = e.define(node.outputs[0], plain(len(e.net.values[node.outputs[0]].shape)))
    (left, left_flip), (right, right_flip) = places
    e.add("BATCH_MATMUL", [left, right], [result], adj_x=left_flip, adj_y=right_flip)


HANDLERS: dict[str, Handler] = {
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
    "Linear": linear,
    "MatMul": product,
}
