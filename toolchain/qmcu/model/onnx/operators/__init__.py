"""One ONNX node in, TFLite operators out: a function for each kind of node, by family.

`HANDLERS` are all of them by ONNX name. Each is given the Emitter, set to integers or real
numbers, and the node; it places the node's results.
"""

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

__all__ = ["HANDLERS", "REAL_ONLY", "Handler"]
