"""A Net in the fewest nodes: what does nothing goes, what one TFLite operator does becomes one.

Weights that the file quantizes keep their integers: what scales a channel goes into its scale.
"""

from collections.abc import Callable

import numpy as np

from qmcu.model.graph import Quantization
from qmcu.model.onnx.functions import fuse_mish
from qmcu.model.onnx.fused import fuse_activation, fuse_hard_swish, only_reader, take_result
from qmcu.model.onnx.net import Net, Node, Value
from qmcu.model.onnx.normalizations import fuse_groups
from qmcu.model.onnx.reductions import fuse_unit_length
from qmcu.model.onnx.volumes import write_volumes
from qmcu.types import Array, Float64Array

# Nodes with constant weights as input 1 and the weights' axis of output channels.
WEIGHTED = {"Conv": 0, "ConvTranspose": 1, "Linear": 0}
_MOVED = {"Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Cast"}


def simplify(net: Net) -> None:
    """Rewrite the net until nothing changes. Raises ModelError for what has no form here."""
    from qmcu.model.onnx.decompose import decompose

    _move_constants(net)
    _drop_nothing(net)
    _bound_masks(net)
    for rule in (fuse_mish, fuse_unit_length, fuse_groups):
        _each(net, rule)
    decompose(net)
    _each(net, _linear)
    for rule in (_normalization, _bias, fuse_hard_swish, _normalization_alone):
        _each(net, rule)
    decompose(net, late=True)
    _each(net, fuse_activation)
    write_volumes(net)
    net.drop_dead()


def _each(net: Net, rule: Callable[[Net, Node], bool]) -> None:
    """Apply a rule to every node until it changes none."""
    changed = True
    while changed:
        changed = False
        for node in list(net.nodes):
            if any(node is n for n in net.nodes) and rule(net, node):
                changed = True
        net.drop_dead()


def _move_constants(net: Net) -> None:
    """Transposes and reshapes of quantized constants, as the integers' own."""
    from qmcu.model.onnx.constants import evaluate

    kept = []
    for node in net.nodes:
        value = net.operand(node, 0)
        movable = node.kind in _MOVED and value is not None and value.quantization is not None
        if not movable or value is None or value.array is None:
            kept.append(node)
            continue
        plain = Value(value.name, value.shape, "int8", value.array)
        net.values[value.name] = plain
        kind, node.kind = node.kind, "Identity" if node.kind == "Cast" else node.kind
        if kind == "Cast":
            node.attributes = {}
        (array,) = evaluate(net, node)
        net.values[value.name] = value
        assert value.quantization is not None
        quantization = _moved_axis(node, value, array, value.quantization)
        name = node.outputs[0]
        own = None
        if value.file is not None:
            net.values[value.name] = Value(value.name, value.shape, "int64", value.file)
            (own,) = evaluate(net, node)
            net.values[value.name] = value
        net.values[name] = Value(name, array.shape, value.dtype, array, quantization, own)
        if quantization is None:
            moved = Value(name, array.shape, "float32", value.real.astype(np.float32))
            net.values[name] = moved
            moved.array = value.real.reshape(array.shape).astype(np.float32)
    net.nodes = kept


def _moved_axis(
    node: Node, value: Value, array: Array, quantization: Quantization
) -> Quantization | None:
    """The quantization after a move, None where its channels are no axis any more."""
    if not quantization.per_channel or node.kind == "Identity":
        return quantization
    if node.kind == "Transpose":
        order = node.integers("perm") or tuple(range(array.ndim))[::-1]
        axis = order.index(quantization.axis)
        return Quantization(quantization.scales, quantization.zero_points, axis)
    before = int(np.prod(value.shape[: quantization.axis]))
    for axis, size in enumerate(array.shape):
        if size == len(quantization.scales) and int(np.prod(array.shape[:axis])) == before:
            return Quantization(quantization.scales, quantization.zero_points, axis)
    return None


def _drop_nothing(net: Net) -> None:
    """Nodes that give what they are given."""
    kept = []
    for node in net.nodes:
        if not _does_nothing(net, node):
            kept.append(node)
            continue
        source, target = net.values[node.inputs[0]], net.values[node.outputs[0]]
        if target.quantization is not None and target.quantization != source.quantization:
            alone = only_reader(net, source.name) is node
            if source.quantization is not None or not alone or source.array is not None:
                node.kind, node.inputs, node.attributes = "Requantize", node.inputs[:1], {}
                kept.append(node)
                continue
            source.quantization, source.dtype = target.quantization, target.dtype
        net.rename(target.name, source.name)
    net.nodes = kept


def _does_nothing(net: Net, node: Node) -> bool:
    if node.kind in ("Identity", "Dropout"):
        return True
    source = net.operand(node, 0)
    if source is None:
        return False
    same = net.values[node.outputs[0]].shape == source.shape
    if node.kind == "Cast":
        return _same_numbers(source, node.integer("to"))
    if node.kind in ("Reshape", "Expand", "Flatten", "Squeeze", "Unsqueeze", "Tile"):
        return same
    if node.kind == "Pad":
        amounts = net.operand(node, 1)
        array = node.integers("pads") if amounts is None else amounts.array
        return same and array is not None and not np.any(np.asarray(array))
    if node.kind in ("Add", "Sub", "Mul", "Div"):
        other = net.operand(node, 1)
        neutral = 0.0 if node.kind in ("Add", "Sub") else 1.0
        constant = other is not None and other.array is not None
        return same and constant and other is not None and bool(np.all(other.real == neutral))
    return False


def _bound_masks(net: Net) -> None:
    """Minus infinity that is added before a Softmax: -20, which is no share of a whole either.

    Integers have no infinity, and a scale that reaches far has few steps for the others.
    """
    for node in net.nodes:
        if node.kind not in ("Add", "Where"):
            continue
        reader = only_reader(net, node.outputs[0])
        if reader is None or reader.kind != "Softmax":
            continue
        for position, name in enumerate(node.inputs):
            value = net.values[name]
            if value.array is None or value.array.dtype.kind != "f" or value.quantization:
                continue
            if value.array.min() <= _FAR:
                bounded = np.maximum(value.array, _MASKED).astype(np.float32)
                node.inputs[position] = net.add_constant(f"{name}/bounded", bounded)
                net.notes.append(f"{node} masks by {_MASKED:g} instead of {value.array.min():g}")


# What a mask holds, and what it is where integers are to hold it.
_FAR, _MASKED = -1e3, -20.0

# ONNX's numbers of types whose values a .tflite has in one type: real ones, and indices.
_REAL, _WHOLE = (1, 10, 11, 16), (6, 7)


def _same_numbers(source: Value, to: int) -> bool:
    """Whether a Cast to ONNX's type `to` leaves numbers in the type they have in a .tflite."""
    if source.quantization is not None or source.dtype.startswith(("float", "bfloat")):
        return not to or to in _REAL
    return source.dtype in ("int32", "int64") and to in _WHOLE


def _linear(net: Net, node: Node) -> bool:
    """Gemm and MatMul by constant weights as Linear: rows times weights [O, I], and a bias."""
    weights = net.operand(node, 1)
    if node.kind not in ("Gemm", "MatMul") or weights is None or weights.array is None:
        return False
    if weights.array.ndim != 2 or node.integer("transA"):
        return False
    if node.kind == "MatMul" or not node.integer("transB"):
        weights = _transposed(net, weights)
    weights = _scaled(net, weights, np.float64(node.number("alpha", 1.0)), 0)
    bias = net.operand(node, 2)
    inputs = [node.inputs[0], weights.name]
    if bias is not None:
        if bias.array is None or bias.array.size not in (1, weights.shape[0]):
            return False
        beta = node.number("beta", 1.0)
        scaled = bias
        if beta != 1.0 or bias.array.size != weights.shape[0] or bias.array.ndim != 1:
            flat = np.broadcast_to(bias.real.reshape(-1) * beta, (weights.shape[0],))
            if bias.quantization is not None and beta == 1.0 and bias.array.ndim != 1:
                scaled = Value(bias.name, flat.shape, bias.dtype, bias.array.reshape(-1),
                               bias.quantization)  # fmt: skip
                scaled.name = net.free_name(bias.name)
                net.values[scaled.name] = scaled
            else:
                name = net.add_constant(f"{bias.name}/row", flat.astype(np.float32))
                scaled = net.values[name]
        inputs.append(scaled.name)
    node.kind, node.inputs, node.attributes = "Linear", inputs, {}
    return True


def _transposed(net: Net, value: Value) -> Value:
    assert value.array is not None
    quantization = value.quantization
    if quantization is not None and quantization.per_channel:
        quantization = Quantization(
            quantization.scales, quantization.zero_points, 1 - quantization.axis
        )
    name = net.add_constant(f"{value.name}/transposed", value.array.T, quantization)
    net.values[name].file = None if value.file is None else value.file.T
    return net.values[name]


def _scaled(net: Net, value: Value, factors: Float64Array | np.float64, axis: int) -> Value:
    """Weights times a factor for each channel along `axis`; integers of the file stay."""
    if np.all(factors == 1.0):
        return value
    assert value.array is not None
    count = value.shape[axis]
    factors = np.broadcast_to(np.asarray(factors, np.float64).reshape(-1), (count,))
    shape = [-1 if a == axis else 1 for a in range(value.array.ndim)]
    quantization = value.quantization
    if (
        quantization is None
        or any(quantization.zero_points)
        or (quantization.per_channel and quantization.axis != axis)
    ):
        array = (value.real * factors.reshape(shape)).astype(np.float32)
        return net.values[net.add_constant(f"{value.name}/scaled", array)]
    signs = np.where(factors < 0, -1, 1).reshape(shape)
    integers = value.array.astype(np.int64) * signs
    if integers.max() > np.iinfo(value.array.dtype).max:
        # -128 has no opposite: only that number becomes another.
        net.changed[value.name] = (
            f"weights {value.name}: a channel is multiplied by a negative factor, and "
            f"{int((integers > 127).sum())} weights of -128 become 127 instead of 128"
        )
        integers = np.minimum(integers, 127)
    scales = np.abs(factors) * np.array(quantization.scales)
    scales = np.where(scales > 0, scales, np.finfo(np.float32).tiny).astype(np.float32)
    new = Quantization(tuple(map(float, scales)), (0,) * count, axis)
    array = integers.astype(value.array.dtype)
    scaled = net.values[net.add_constant(f"{value.name}/scaled", array, new)]
    scaled.file = None if value.file is None else value.file * signs
    return scaled


def _before(net: Net, node: Node, kinds: set[str] | dict[str, int]) -> Node | None:
    """The node of one of `kinds` whose result only `node` reads, as real numbers."""
    name = node.inputs[0]
    producer = net.producers().get(name)
    alone = only_reader(net, name) is node and net.values[name].quantization is None
    return producer if alone and producer is not None and producer.kind in kinds else None


def _factors(net: Net, node: Node) -> tuple[Float64Array, Float64Array] | None:
    """A batch normalization as factor and offset of each channel."""
    found = [net.operand(node, i) for i in range(1, 5)]
    if any(v is None or v.array is None for v in found):
        return None
    scale, offset, mean, variance = (v.real for v in found if v is not None)
    factor = scale / np.sqrt(variance + node.number("epsilon", 1e-5))
    return factor, offset - mean * factor


def _normalization(net: Net, node: Node) -> bool:
    """A batch normalization behind weights becomes part of them."""
    if node.kind != "BatchNormalization":
        return False
    layer, found = _before(net, node, WEIGHTED), _factors(net, node)
    if layer is None or found is None or layer.attributes.get("activation"):
        return False
    weights = net.values[layer.inputs[1]]
    if weights.array is None or (layer.kind == "ConvTranspose" and layer.integer("group", 1) > 1):
        return False
    factor, offset = found
    bias = net.operand(layer, 2)
    old = np.zeros(factor.size) if bias is None else bias.real
    scaled = _scaled(net, weights, factor, WEIGHTED[layer.kind])
    constant = (old * factor + offset).astype(np.float32)
    name = net.add_constant(f"{layer.outputs[0]}/bias", constant)
    layer.inputs = [layer.inputs[0], scaled.name, name]
    take_result(net, layer, node)
    return True


def _normalization_alone(net: Net, node: Node) -> bool:
    """A batch normalization that stands alone: a product and a sum for each channel."""
    if node.kind != "BatchNormalization":
        return False
    found = _factors(net, node)
    if found is None:
        raise net.fail(node, "has statistics that are no constants", "export in evaluation mode")
    rank = len(net.values[node.inputs[0]].shape)
    shape = (-1, *(1 for _ in range(rank - 2)))
    factor, offset = (a.astype(np.float32).reshape(shape) for a in found)
    product = net.free_name(f"{node.outputs[0]}/scaled")
    source = net.values[node.inputs[0]]
    net.values[product] = Value(product, source.shape, "float32")
    mul = [node.inputs[0], net.add_constant(f"{node.outputs[0]}/factor", factor)]
    add = [product, net.add_constant(f"{node.outputs[0]}/offset", offset)]
    position = net.nodes.index(node)
    net.nodes[position : position + 1] = [
        Node("Mul", node.label, mul, [product]), Node("Add", node.label, add, node.outputs[:1]),
    ]  # fmt: skip
    return True


def _bias(net: Net, node: Node) -> bool:
    """A constant that is added behind weights becomes part of the bias."""
    if node.kind != "Add":
        return False
    if net.constant(node.inputs[0]) is not None:
        node.inputs.reverse()
    constant, layer = net.operand(node, 1), _before(net, node, WEIGHTED)
    if layer is None or constant is None or constant.array is None:
        return False
    if layer.attributes.get("activation"):
        return False
    shape = net.values[node.outputs[0]].shape
    if shape != net.values[layer.outputs[0]].shape:
        return False
    axis = len(shape) - 1 if layer.kind == "Linear" else 1
    padded = (1,) * (len(shape) - constant.array.ndim) + constant.array.shape
    if any(size != 1 for a, size in enumerate(padded) if a != axis):
        return False
    old = net.operand(layer, 2)
    if old is None and constant.array.size == shape[axis]:
        flat = constant.array.reshape(-1)
        quantization = constant.quantization
        if quantization is not None and quantization.per_channel:
            quantization = Quantization(quantization.scales, quantization.zero_points, 0)
        name = net.add_constant(f"{constant.name}/row", flat, quantization)
    else:
        real = np.broadcast_to(constant.real.reshape(-1), (shape[axis],))
        real = real + (0.0 if old is None else old.real)
        name = net.add_constant(f"{layer.outputs[0]}/bias", real.astype(np.float32))
    layer.inputs = [*layer.inputs[:2], name]
    take_result(net, layer, node)
    return True
