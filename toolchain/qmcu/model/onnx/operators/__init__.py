"""One ONNX node in, TFLite operators out: a function for each kind of node, by family.

`HANDLERS` are all of them by ONNX name. Each is given the Emitter, set to integers or real
numbers, and the node; it places the node's results.
"""

from qmcu.model.onnx.net import Net, Node
from qmcu.model.onnx.operators import (
    elementwise,
    layers,
    logic,
    movement,
    padding,
    reduction,
    spatial,
)
from qmcu.model.onnx.operators.handler import Handler

HANDLERS: dict[str, Handler] = {
    **layers.HANDLERS,
    **spatial.HANDLERS,
    **elementwise.HANDLERS,
    **logic.HANDLERS,
    **movement.HANDLERS,
    **padding.HANDLERS,
    **reduction.HANDLERS,
}
# Kinds that tflite-micro computes in real numbers alone.
REAL_ONLY = elementwise.REAL_ONLY
# Kinds that it has in int8 and real numbers, not in int16.
_NOT_IN_INT16 = {
    "ArgMax", "ArgMin", "DepthToSpace", "Elu", "Equal", "Greater", "GreaterOrEqual",
    "HardSwish", "Less", "LessOrEqual", "LogSoftmax", "ReduceMax", "ReduceMin", "SpaceToDepth",
}  # fmt: skip


def lacks_int16(net: Net, node: Node) -> bool:
    """Whether tflite-micro has no int16 form of what a node becomes."""
    if node.kind == "Resize":
        return node.text("mode", "nearest") != "nearest"
    if node.kind == "Pad":
        return node.text("mode", "constant") in ("edge", "reflect")
    if node.kind == "Gather":
        # One index is a part, which it has.
        return net.values[node.inputs[1]].shape != ()
    return node.kind in _NOT_IN_INT16


__all__ = ["HANDLERS", "REAL_ONLY", "Handler", "lacks_int16"]
