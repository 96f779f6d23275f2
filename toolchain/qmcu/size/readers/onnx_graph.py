"""What an ONNX graph says of its initializers and of the arithmetic it runs in."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from qmcu.size.contents import Operators, Role

_W, _B, _Q = Role.WEIGHTS, Role.BIASES, Role.QUANTIZATION
# Roles of inputs by position; operators that are not listed say nothing.
_INPUTS: Mapping[str, Mapping[int, Role]] = {
    "Conv": {1: _W, 2: _B}, "ConvTranspose": {1: _W, 2: _B}, "Gemm": {0: _W, 1: _W, 2: _B},
    "MatMul": {0: _W, 1: _W}, "Gather": {0: _W}, "LSTM": {1: _W, 2: _W, 3: _B},
    "GRU": {1: _W, 2: _W, 3: _B}, "RNN": {1: _W, 2: _W, 3: _B},
    "BatchNormalization": {1: _B, 2: _B, 3: _B, 4: _B}, "LayerNormalization": {1: _B, 2: _B},
    "QuantizeLinear": {1: _Q, 2: _Q}, "DequantizeLinear": {1: _Q, 2: _Q},
    "ConvInteger": {1: _W, 2: _Q, 3: _Q}, "MatMulInteger": {0: _W, 1: _W, 2: _Q, 3: _Q},
    "QLinearConv": {1: _Q, 2: _Q, 3: _W, 4: _Q, 5: _Q, 6: _Q, 7: _Q, 8: _B},
    "QLinearMatMul": {1: _Q, 2: _Q, 3: _W, 4: _Q, 5: _Q, 6: _Q, 7: _Q},
    "QGemm": {1: _Q, 2: _Q, 3: _W, 4: _Q, 5: _Q, 6: _B, 7: _Q, 8: _Q},
    "MatMulNBits": {1: _W, 2: _Q, 3: _Q},
    "DynamicQuantizeMatMul": {1: _W, 2: _Q, 3: _Q, 4: _B},
    "MatMulIntegerToFloat": {1: _W, 2: _Q, 3: _Q, 4: _Q, 5: _Q, 6: _B},
}  # fmt: skip
# Operators that hand a weight on unchanged.
_PASSING = ("DequantizeLinear", "Cast", "Transpose", "Reshape", "Identity", "Squeeze", "Unsqueeze")
_CONVERTERS = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Constant", "Cast",
               "Identity", "Shape", "ConstantOfShape")  # fmt: skip
_INTEGER = ("ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul", "QGemm",
            "QLinearAdd", "QLinearMul", "QLinearConcat", "QLinearGlobalAveragePool",
            "QLinearAveragePool", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax",
            "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulNBits")  # fmt: skip
_DYNAMIC = ("DynamicQuantizeLinear", "MatMulInteger", "ConvInteger", "DynamicQuantizeMatMul",
            "MatMulNBits")  # fmt: skip


@dataclass(frozen=True)
class Node:
    """One node; `bits` is the attribute of that name, 0 when absent."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    bits: int = 0


def roles_by_use(nodes: Sequence[Node]) -> tuple[dict[str, Role], dict[str, int]]:
    """The roles of tensors by who reads them, and the width of integers in packed ones."""
    roles: dict[str, Role] = {}
    packed: dict[str, int] = {}
    # From the end, so that a reader is known before what hands on to it.
    for node in reversed(nodes):
        places = _INPUTS.get(node.kind, {})
        for position, name in enumerate(node.inputs):
            role = places.get(position)
            if position == 0 and node.kind in _PASSING:
                role = next((roles[o] for o in node.outputs if o in roles), None)
            if role is not None and name:
                roles.setdefault(name, role)
        if node.kind == "MatMulNBits" and len(node.inputs) > 1 and node.bits in (2, 3, 4, 8):
            packed[node.inputs[1]] = node.bits
    return roles, packed


def operators(nodes: Sequence[Node], float_weights: Collection[str]) -> Operators:
    """Which operators compute on integers: those between DequantizeLinear and QuantizeLinear.

    An operator with a weight among `float_weights` (initializers of a float type) is float.
    """
    kinds = Counter(n.kind for n in nodes)
    produced = {o: n for n in nodes for o in n.outputs}
    exact: set[str] = set()
    for node in nodes:
        moving = [i for i in node.inputs if i in produced and produced[i].kind != "Constant"]
        weights = [n for p, n in enumerate(node.inputs) if _INPUTS.get(node.kind, {}).get(p) is _W]
        if node.kind == "DequantizeLinear" or (
            moving and exact.issuperset(moving) and not any(w in float_weights for w in weights)
        ):
            exact.update(node.outputs)
    # Its result must become integers again, at once or after others of its kind.
    closed: set[str] = set()
    integer = 0
    floats: Counter[str] = Counter()
    for node in reversed(nodes):
        inside = exact.issuperset(node.outputs) and closed.intersection(node.outputs)
        if node.kind == "QuantizeLinear" or (inside and node.kind != "DequantizeLinear"):
            closed.update(node.inputs)
        if node.kind in _CONVERTERS:
            continue
        if inside or node.kind in _INTEGER:
            integer += 1
        else:
            floats[node.kind] += 1
    dynamic = any(k in kinds for k in _DYNAMIC)
    return Operators(dict(kinds), integer, dict(floats), dynamic=dynamic)
