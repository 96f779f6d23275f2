"""Roles and arithmetic by the operators that read a tensor."""

from qmcu.size.contents import Role
from qmcu.size.readers.onnx_graph import Node, operators, roles_by_use


def test_a_weight_is_known_through_what_hands_it_on() -> None:
    nodes = [
        Node("DequantizeLinear", ("q", "scale", "zero"), ("w",)),
        Node("Conv", ("x", "w", "b"), ("y",)),
    ]
    roles, packed = roles_by_use(nodes)
    assert roles == {
        "w": Role.WEIGHTS, "b": Role.BIASES, "q": Role.WEIGHTS, "scale": Role.QUANTIZATION,
        "zero": Role.QUANTIZATION,
    }  # fmt: skip
    assert packed == {}
    assert roles_by_use([Node("MatMulNBits", ("x", "p"), ("y",), bits=4)])[1] == {"p": 4}


def test_between_dequantize_and_quantize_arithmetic_is_integer() -> None:
    inside = [
        Node("DequantizeLinear", ("q", "s"), ("x",)),
        Node("Relu", ("x",), ("y",)),
        Node("QuantizeLinear", ("y", "s"), ("z",)),
    ]
    assert operators(inside, ()).float_kinds == {}
    assert operators([Node("Relu", ("x",), ("y",))], ()).float_kinds == {"Relu": 1}
