"""Shapes that the file leaves open and that follow from the inputs' shapes."""

from collections.abc import Sequence
from math import prod

import numpy as np

from qmcu.model.graph import Operator, Tensor

Shape = tuple[int, ...]

_SAME = frozenset(
    {
        "ABS", "CAST", "DEQUANTIZE", "ELU", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "LOG_SOFTMAX",
        "NEG", "QUANTIZE", "RELU", "RELU6", "RSQRT", "SOFTMAX", "SQRT", "SQUARE", "TANH",
    }
)  # fmt: skip
_BROADCAST = frozenset(
    {"ADD", "DIV", "MAXIMUM", "MINIMUM", "MUL", "SQUARED_DIFFERENCE", "SUB"}
)  # fmt: skip


def reshaped(operator: Operator, tensors: Sequence[Tensor]) -> Shape | None:
    """The shape that a RESHAPE's constant asks for where the file's own cannot be.

    The converter writes 1 for dimensions that it does not know. None where the file's is right.
    """
    if operator.kind != "RESHAPE" or len(operator.inputs) < 2 or operator.inputs[1] < 0:
        return None
    source, wanted, target = (
        tensors[i] for i in (*operator.inputs[:2], operator.outputs[0])
    )  # fmt: skip
    if not wanted.is_constant or wanted.dtype != "int32" or source.elements == target.elements:
        return None
    shape = [int(d) for d in wanted.array.reshape(-1)]
    if shape.count(-1) == 1 and (rest := -prod(shape)) > 0 and source.elements % rest == 0:
        shape[shape.index(-1)] = source.elements // rest
    fits = all(d > 0 for d in shape) and prod(shape) == source.elements
    return tuple(shape) if fits else None


def inferred(operator: Operator, tensors: Sequence[Tensor]) -> Shape | None:
    """The output's shape by the inputs' shapes, None where that is not known here."""
    if len(operator.outputs) != 1 or any(i < 0 for i in operator.inputs[:2]):
        return None
    shapes = [tensors[i].shape for i in operator.inputs if i >= 0]
    if operator.kind == "RESHAPE":
        target = tensors[operator.outputs[0]]
        return target.shape if prod(shapes[0]) == target.elements else None
    if operator.kind in _SAME:
        return shapes[0]
    if operator.kind in _BROADCAST:
        try:
            return np.broadcast_shapes(*shapes)
        except ValueError:
            return None
    if operator.kind == "FULLY_CONNECTED" and len(shapes[1]) == 2:
        outputs, depth = shapes[1]
        if operator.options.get("keep_num_dims", False):
            return (*shapes[0][:-1], outputs) if shapes[0][-1:] == (depth,) else None
        return (prod(shapes[0]) // depth, outputs) if prod(shapes[0]) % depth == 0 else None
    return None
