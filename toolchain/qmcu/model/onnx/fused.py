"""Activations as part of what computes their input: limits of a layer's results, HARD_SWISH."""

from qmcu.model.onnx.net import Net, Node

_FUSING = {"Conv", "Linear", "Add", "Sub", "Mul"}


def only_reader(net: Net, name: str) -> Node | None:
    """The node that alone reads a value, None where it is an output or there are others."""
    readers = net.consumers(name)
    return readers[0] if len(readers) == 1 and name not in net.outputs else None


def take_result(net: Net, layer: Node, node: Node) -> None:
    """`layer` makes what `node` made, and `node` goes."""
    layer.outputs = node.outputs[:1]
    net.nodes = [n for n in net.nodes if n is not node]


def _number(net: Net, name: str) -> float | None:
    """A constant that is one number."""
    value = net.values.get(name)
    if value is None or value.array is None or value.array.size != 1:
        return None
    return float(value.real.reshape(-1)[0])


def limits(net: Net, node: Node) -> tuple[float, float]:
    """What a Clip or Relu limits its input to. Raises ModelError for limits at run time."""
    if node.kind == "Relu":
        return 0.0, float("inf")
    found = [node.number("min", float("-inf")), node.number("max", float("inf"))]
    for position in (1, 2):
        if net.operand(node, position) is not None:
            number = _number(net, node.inputs[position])
            if number is None:
                raise net.fail(node, "has limits that are no constants", "export them as constants")
            found[position - 1] = number
    return found[0], found[1]


_NAMES = {(0.0, float("inf")): "RELU", (0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1"}


def fuse_activation(net: Net, node: Node) -> bool:
    """A Relu or Clip behind an operator that can limit its own results."""
    if node.kind not in ("Relu", "Clip"):
        return False
    name = _NAMES.get(limits(net, node))
    source, target = net.values[node.inputs[0]], net.values[node.outputs[0]]
    producer = net.producers().get(source.name)
    if name is None or producer is None or producer.kind not in _FUSING:
        return False
    if only_reader(net, source.name) is not node or producer.attributes.get("activation"):
        return False
    alike = (source.quantization, source.dtype) == (target.quantization, target.dtype)
    if source.quantization is not None and not alike:
        return False
    producer.attributes["activation"] = name
    take_result(net, producer, node)
    return True


def fuse_hard_swish(net: Net, node: Node) -> bool:
    """x * clip(x + 3, 0, 6) / 6 in the forms that exporters write."""
    if node.kind != "Mul":
        return False
    producers = net.producers()
    for x, other in ((0, 1), (1, 0)):
        gate = producers.get(node.inputs[other])
        if gate is None or not _is_gate(net, producers, gate, node.inputs[x]):
            continue
        node.kind, node.inputs, node.attributes = "HardSwish", [node.inputs[x]], {}
        return True
    return False


def _is_gate(net: Net, producers: dict[str, Node], gate: Node, source: str) -> bool:
    """Whether a node makes clip(x + 3, 0, 6) / 6 of `source`, in real numbers."""
    quantized = net.values[gate.outputs[0]].quantization is not None
    if net.values[source].dtype == "int16":
        return False
    if gate.kind == "HardSigmoid":
        sixth = abs(gate.number("alpha", 0.2) - 1 / 6) < 1e-4
        alike = sixth and abs(gate.number("beta", 0.5) - 0.5) < 1e-4
        if gate.inputs[0] != source or not alike:
            return False
        if quantized:
            net.notes.append(
                f"{gate} and the product behind it are one HARD_SWISH, which does not round in "
                "between as the file does: at most one step of the result"
            )
        return True
    if quantized:
        return False
    if gate.kind != "Mul" or _number(net, gate.inputs[1]) is None:
        return False
    clip = producers.get(gate.inputs[0])
    if abs((_number(net, gate.inputs[1]) or 0.0) - 1 / 6) > 1e-4 or clip is None:
        return False
    if clip.kind != "Clip" or limits(net, clip) != (0.0, 6.0):
        return False
    add = producers.get(clip.inputs[0])
    values = [net.values[n.inputs[0]] for n in (clip, gate)]
    if add is None or add.kind != "Add" or any(v.quantization is not None for v in values):
        return False
    return add.inputs[0] == source and _number(net, add.inputs[1]) == 3.0
