"""Comparisons, logic, choices between two values, and casts: bool beside numbers."""

from qmcu.model.onnx.emit import Emitter
from qmcu.model.onnx.net import Node
from qmcu.model.onnx.operators.elementwise import operands_in_order
from qmcu.model.onnx.operators.handler import Handler

_COMPARISONS = {
    "Equal": "EQUAL", "Greater": "GREATER", "GreaterOrEqual": "GREATER_EQUAL", "Less": "LESS",
    "LessOrEqual": "LESS_EQUAL",
}  # fmt: skip
_LOGIC = {"And": "LOGICAL_AND", "Or": "LOGICAL_OR", "Xor": "NOT_EQUAL"}
# ONNX's numbers of types, as a .tflite has them.
_CASTS = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int32", 9: "bool", 10: "float32",
          11: "float32", 16: "float32"}  # fmt: skip


def compare(e: Emitter, node: Node) -> None:
    """A comparison of numbers, or logic of two bools: bool."""
    operands, order = operands_in_order(e, node)
    result = e.define(node.outputs[0], order, grid=("bool", None))
    e.add(_COMPARISONS.get(node.kind) or _LOGIC[node.kind], operands, [result])


def invert(e: Emitter, node: Node) -> None:
    """Not."""
    found = e.place(node.inputs[0])
    result = e.define(node.outputs[0], found.order, found.columns, ("bool", None))
    e.add("LOGICAL_NOT", [found.index], [result])


def choose(e: Emitter, node: Node) -> None:
    """Where: SELECT_V2, both values in the result's numbers."""
    value = e.net.values[node.outputs[0]]
    numbers = [e.net.values[i] for i in node.inputs[1:]]
    # The condition has no scale; what counts are the numbers that are chosen.
    activations = [v for v in numbers if v.name in e.places]
    e.integer = value.quantization is not None and bool(activations) and all(
        v.quantization is not None for v in activations
    )  # fmt: skip
    operands, order = operands_in_order(e, node)
    if e.integer:
        grid = (value.dtype, value.quantization)
        operands[1:] = [e.in_grid(i, grid) for i in operands[1:]]
    result = e.define(node.outputs[0], order)
    e.add("SELECT_V2", operands, [result])


def cast(e: Emitter, node: Node) -> None:
    """Cast: CAST, between the types that a .tflite has for them."""
    found = e.place(node.inputs[0])
    wanted = _CASTS.get(node.integer("to", 1))
    if wanted is None:
        raise e.net.fail(node, f"casts to ONNX's type {node.integer('to')}", "use float or int32")
    e.net.values[node.outputs[0]].dtype = wanted
    result = e.define(node.outputs[0], found.order, found.columns, (wanted, None))
    e.add("CAST", [found.index], [result])


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys((*_COMPARISONS, *_LOGIC), compare),
    "Cast": cast,
    "Not": invert,
    "Where": choose,
}
