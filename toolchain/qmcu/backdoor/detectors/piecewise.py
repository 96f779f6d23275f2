"""Activations that converters write with a comparison and a SELECT: SELU, ELU and their like.

One number at a time and without a jump, they are no branch on the input: whatever an element's
number is, no other element's output depends on it, and a threshold changes nothing by itself.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from qmcu.model.graph import Graph, Operator, Tensor

SELECTS = ("SELECT", "SELECT_V2")
_ORDERS = ("GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
# Steps of the output that both sides may differ by at the threshold; of real numbers this share.
_STEPS, _SHARE = 2.0, 1e-3

_UNARY: Mapping[str, Callable[[float], float]] = {
    "ABS": abs,
    "DEQUANTIZE": lambda x: x,
    "ELU": lambda x: x if x > 0 else math.expm1(x),
    "EXP": math.exp,
    "LOG": math.log,
    "LOGISTIC": lambda x: 1 / (1 + math.exp(-x)),
    "NEG": lambda x: -x,
    "QUANTIZE": lambda x: x,
    "RELU": lambda x: max(x, 0.0),
    "RELU6": lambda x: min(max(x, 0.0), 6.0),
    "SQRT": math.sqrt,
    "TANH": math.tanh,
}
_BINARY: Mapping[str, Callable[[float, float], float]] = {
    "ADD": lambda x, y: x + y,
    "DIV": lambda x, y: x / y,
    "MAXIMUM": max,
    "MINIMUM": min,
    "MUL": lambda x, y: x * y,
    "SUB": lambda x, y: x - y,
}


def activations(graph: Graph) -> frozenset[int]:
    """The indices of operators, comparisons and SELECTs, that are parts of such activations."""
    producers = {i: operator for operator in graph.operators for i in operator.outputs}
    whole = [o for o in graph.operators if o.kind in SELECTS and _is_one(graph, producers, o)]
    chosen = {o.index for o in whole}
    conditions = {o.inputs[0] for o in whole}
    for index in conditions - set(graph.outputs):
        if all(o.index in chosen for o in graph.operators if index in o.inputs):
            chosen.add(producers[index].index)
    return frozenset(chosen)


def _is_one(graph: Graph, producers: Mapping[int, Operator], select: Operator) -> bool:
    comparison = producers.get(select.inputs[0])
    if comparison is None or comparison.kind not in _ORDERS or len(select.inputs) != 3:
        return False
    compared = [graph.tensors[i] for i in comparison.inputs]
    source = next((t for t in compared if not t.is_constant), None)
    limit = next((_number(t) for t in compared if t.is_constant), None)
    target = graph.tensors[select.outputs[0]]
    if source is None or limit is None or source.shape != target.shape:
        return False
    sides = [_value(graph, producers, i, source.index, limit) for i in select.inputs[1:]]
    if any(side is None for side in sides):
        return False
    above, below = (side or 0.0 for side in sides)
    grid = target.quantization
    step = _STEPS * grid.scale if grid is not None else _SHARE * max(1.0, abs(above))
    return abs(above - below) <= step


def _number(tensor: Tensor) -> float | None:
    """The real number of a constant of one element; None of any other."""
    if not tensor.is_constant or tensor.elements != 1:
        return None
    value = float(tensor.array.reshape(-1)[0])
    grid = tensor.quantization
    return value if grid is None else (value - grid.zero_point) * grid.scale


def _value(
    graph: Graph, producers: Mapping[int, Operator], index: int, source: int, number: float
) -> float | None:
    """What an element of tensor `index` is where the one of `source` is `number`.

    None where it is no function of that element alone that is known here.
    """
    if index == source:
        return number
    tensor, operator = graph.tensors[index], producers.get(index)
    if operator is None or tensor.is_constant:
        return _number(tensor)
    if operator.options.get("fused_activation_function", "NONE") != "NONE":
        return None
    found = [_value(graph, producers, i, source, number) for i in operator.inputs]
    return _applied(operator.kind, [x for x in found if x is not None], len(found))


def _applied(kind: str, operands: Sequence[float], needed: int) -> float | None:
    if len(operands) != needed:
        return None
    try:
        if kind in _UNARY and needed == 1:
            return _UNARY[kind](operands[0])
        if kind in _BINARY and needed == 2:
            return _BINARY[kind](operands[0], operands[1])
    except (ValueError, OverflowError, ZeroDivisionError):
        pass
    return None
