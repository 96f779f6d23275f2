"""Functions of each number by itself that have no TFLite operator, as those that have one.

Forms are chosen for integers too: none divides by what may be zero, none overflows where the
function does not.
"""

from collections.abc import Callable

import numpy as np

from qmcu.model.onnx.maker import Maker
from qmcu.model.onnx.net import Net, Node

Form = Callable[[Maker], list[Node] | None]
# Powers up to here are written as products.
_MOST_PRODUCTS = 8
_NEARLY = 1e-5


def _elu(m: Maker) -> list[Node] | None:
    """alpha elu(x) + (1 - alpha) relu(x), with TFLite's ELU, whose alpha is 1."""
    alpha = m.node.number("alpha", 1.0)
    return None if alpha == 1.0 else _scaled_elu(m, alpha, 1.0)


def _selu(m: Maker) -> list[Node]:
    alpha = m.node.number("alpha", 1.6732632423543772)
    return _scaled_elu(m, alpha, m.node.number("gamma", 1.0507009873554805))


def _scaled_elu(m: Maker, alpha: float, gamma: float) -> list[Node]:
    x = m.source.name
    below = m.same("Mul", m.same("Elu", x), m.constant("below", gamma * alpha))
    above = m.same("Mul", m.same("Relu", x), m.constant("above", gamma * (1 - alpha)))
    m.add("Add", [below, above])
    return m.nodes


def _celu(m: Maker) -> list[Node]:
    """alpha elu(x / alpha)."""
    alpha = m.node.number("alpha", 1.0)
    scaled = m.same("Mul", m.source.name, m.constant("inverse", 1 / alpha))
    m.add("Mul", [m.same("Elu", scaled), m.constant("alpha", alpha)])
    return m.nodes


def _softplus(m: Maker) -> list[Node]:
    """relu(x) + log(1 + exp(-|x|)), which never overflows."""
    x = m.source.name
    down = m.same("Mul", m.same("Abs", x), m.constant("minus", -1.0))
    grown = m.same("Add", m.same("Exp", down), m.constant("one", 1.0))
    m.add("Add", [m.same("Relu", x), m.same("Log", grown)])
    return m.nodes


def _mish(m: Maker) -> list[Node]:
    """x (1 - u) / (1 + u) with u = sigmoid(-x)^2: x tanh(log(1 + exp(x))) without the logarithm."""
    x, one = m.source.name, m.constant("one", 1.0)
    share = m.same("Sigmoid", m.same("Mul", x, m.constant("minus", -1.0)))
    square = m.same("Mul", share, share)
    gate = m.same("Div", m.same("Sub", one, square), m.same("Add", square, one))
    m.add("Mul", [x, gate])
    return m.nodes


def _softsign(m: Maker) -> list[Node]:
    x = m.source.name
    m.add("Div", [x, m.same("Add", m.same("Abs", x), m.constant("one", 1.0))])
    return m.nodes


def _reciprocal(m: Maker) -> list[Node]:
    m.add("Div", [m.constant("one", 1.0), m.source.name])
    return m.nodes


def _sign(m: Maker) -> list[Node]:
    x, zero = m.source.name, m.constant("zero", 0.0)
    parts = [m.same(kind, x, zero, dtype="bool") for kind in ("Greater", "Less")]
    m.add("Sub", [m.same("Cast", part) for part in parts])
    return m.nodes


def _thresholded(m: Maker) -> list[Node]:
    """x above alpha, else 0."""
    alpha = m.constant("alpha", m.node.number("alpha", 1.0))
    above = m.same("Greater", m.source.name, alpha, dtype="bool")
    m.add("Where", [above, m.source.name, m.constant("zero", 0.0)])
    return m.nodes


def _shrink(m: Maker) -> list[Node]:
    """0 within +-lambd, beyond it bias nearer to 0."""
    x, zero = m.source.name, m.constant("zero", 0.0)
    limit, bias = m.node.number("lambd", 0.5), m.node.number("bias", 0.0)
    clip = m.same("Clip", x, m.constant("low", -limit), m.constant("high", limit))
    if limit == bias:
        m.add("Sub", [x, clip])
        return m.nodes
    outside = m.same("Greater", m.same("Abs", x), m.constant("limit", limit), dtype="bool")
    moved = x
    if bias:
        toward = m.same("Mul", clip, m.constant("share", bias / limit))
        moved = m.same("Sub", x, toward)
    m.add("Where", [outside, moved, zero])
    return m.nodes


def _mod(m: Maker) -> list[Node]:
    """x - y floor(x / y), of real numbers with the divisor's sign."""
    divisor = m.net.values[m.operand(1)]
    if m.node.integer("fmod") or m.source.dtype != "float32":
        raise m.net.fail(m.node, "is no remainder of real numbers", "leave it to the host")
    share = m.same("Mul", m.source.name, m.constant("inverse", 1.0 / divisor.real))
    whole = m.same("Mul", m.same("Floor", share), divisor.name)
    m.add("Sub", [m.source.name, whole])
    return m.nodes


def _power(m: Maker) -> list[Node]:
    """Products and roots where the exponent allows it, else exp(e log(x)) of what is positive."""
    exponent = m.net.operand(m.node, 1)
    if exponent is None or exponent.array is None or exponent.array.size != 1:
        raise m.net.fail(m.node, "has an exponent of several numbers", "write it as products")
    power = float(exponent.real.reshape(-1)[0])
    if exponent.quantization is not None and abs(power - round(2 * power) / 2) < _NEARLY:
        # Integers times a scale are no whole number to the last bit.
        power = round(2 * power) / 2
    x, last = m.source.name, m.node.outputs[0]
    if power == 1.0:
        m.nodes.append(Node("Identity", m.node.label, [x], [last]))
    elif power == int(power) and 1 < power <= _MOST_PRODUCTS:
        value = x
        for step in range(int(power) - 1):
            done = step == int(power) - 2
            value = m.add("Mul", [value, x], None if done else m.source.shape)
    elif power in (0.5, -0.5):
        m.add("Sqrt" if power > 0 else "Rsqrt", [x])
    elif power == 1.5:
        m.add("Mul", [x, m.same("Sqrt", x)])
    elif power == -1.0:
        return _reciprocal(m)
    elif power == -2.0:
        m.add("Div", [m.constant("one", 1.0), m.same("Mul", x, x)])
    else:
        m.add("Exp", [m.same("Mul", m.same("Log", x), m.constant("exponent", power))])
        m.net.notes.append(f"{m.node} by {power:g} is exp({power:g} log(x)): right for positive x")
    return m.nodes


def _total(kind: str) -> Form:
    """Sum and Mean of several values: two at a time."""

    def write(m: Maker) -> list[Node]:
        shape = m.net.values[m.node.outputs[0]].shape
        names = m.node.inputs
        mean = kind == "Mean"
        if len(names) == 1:
            m.nodes.append(Node("Identity", m.node.label, names[:1], m.node.outputs[:1]))
            return m.nodes
        value = names[0]
        for position, name in enumerate(names[1:], 2):
            done = position == len(names) and not mean
            value = m.add("Add", [value, name], None if done else shape)
        if mean:
            m.add("Mul", [value, m.constant("share", 1 / len(names))])
        return m.nodes

    return write


def _triangle(m: Maker) -> list[Node]:
    """A triangle of a matrix: times 1 inside and 0 outside."""
    offset = m.net.operand(m.node, 1)
    k = 0 if offset is None or offset.array is None else int(offset.array.reshape(-1)[0])
    ones = np.ones(m.source.shape[-2:], np.float32)
    mask = np.triu(ones, k) if m.node.integer("upper", 1) else np.tril(ones, k)
    m.add("Mul", [m.source.name, m.constant("mask", mask)])
    return m.nodes


def fuse_mish(net: Net, node: Node) -> bool:
    """x tanh(softplus(x)), as exporters without a Mish write it."""
    if node.kind != "Mul":
        return False
    producers = net.producers()
    for x, other in ((0, 1), (1, 0)):
        tanh = producers.get(node.inputs[other])
        plus = producers.get(tanh.inputs[0]) if tanh is not None and tanh.kind == "Tanh" else None
        if tanh is None or plus is None or plus.kind != "Softplus":
            continue
        between = (*tanh.outputs, *plus.outputs)
        if plus.inputs[0] == node.inputs[x] and all(
            net.values[name].quantization is None for name in between
        ):
            node.kind, node.inputs, node.attributes = "Mish", [node.inputs[x]], {}
            return True
    return False


FORMS: dict[str, Form] = {
    "Celu": _celu,
    "Elu": _elu,
    "Mean": _total("Mean"),
    "Mish": _mish,
    "Mod": _mod,
    "Pow": _power,
    "Reciprocal": _reciprocal,
    "Selu": _selu,
    "Shrink": _shrink,
    "Sign": _sign,
    "Softplus": _softplus,
    "Softsign": _softsign,
    "Sum": _total("Sum"),
    "ThresholdedRelu": _thresholded,
    "Trilu": _triangle,
}
