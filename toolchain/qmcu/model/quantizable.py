"""A float graph in operators that TensorFlow's quantizer and tflite-micro have in integers.

SQUARE and NEG are products; left as they are they stay in real numbers between a DEQUANTIZE and a
QUANTIZE, in every norm of rows or groups. ZEROS_LIKE, which masks of recurrent layers have, is a
constant. POW by a constant is products, roots, or EXP of a LOG; GELU is written out (forms.py). A
difference of a number from itself, by which TensorFlow asks whether it is finite, is 0, and in
integers a scale that no kernel takes. Parts of a split that nobody reads are left out
(unread_parts.py), a RESHAPE of both operands comes behind (late_reshapes.py).
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from qmcu.model.forms import write_gelu
from qmcu.model.graph import Graph, Operator, Tensor, without_unused
from qmcu.model.late_reshapes import with_late_reshapes
from qmcu.model.rewriting import Form, GraphMaker, rewritten
from qmcu.model.unread_parts import without_unread_parts

_PLAIN = {"fused_activation_function": "NONE"}
_MOST_FACTORS = 8
# Beyond any activation; TensorFlow's quantizer of 16 bits wraps such a constant.
_FAR = 1e6
# What a LOG is asked for at least: its result stays finite.
_TINY = 1e-9


def quantizable(graph: Graph) -> Graph:
    """The graph with such forms; itself where it has none of the operators, or control flow."""
    if graph.subgraphs:
        return graph
    parted = without_unread_parts(graph)
    found = rewritten(parted, _FORMS)
    return with_late_reshapes(parted if found is parted else _without_choices(found))


def _is_real(graph: Graph, op: Operator) -> bool:
    return graph.tensors[op.inputs[0]].dtype == "float32"


def _square(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    if not _is_real(graph, op):
        return False
    maker.write("MUL", (op.inputs[0], op.inputs[0]), op.outputs[0], _PLAIN)
    return True


def _negative(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    if not _is_real(graph, op):
        return False
    maker.write("MUL", (op.inputs[0], maker.number(-1)), op.outputs[0], _PLAIN)
    return True


def _zeros(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    if not _is_real(graph, op) or op.outputs[0] in graph.outputs:
        return False
    _settle(maker, op.outputs[0], np.float32(0))
    return True


def _difference(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    """SUB of a number and itself."""
    plain = op.options.get("fused_activation_function", "NONE") == "NONE"
    if not plain or op.inputs[0] != op.inputs[1] or op.outputs[0] in graph.outputs:
        return False
    if not _is_real(graph, op):
        return False
    _settle(maker, op.outputs[0], np.float32(0))
    return True


def _equal(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    """EQUAL of what has just become 0, and 0."""
    sides = [maker.tensors[i] for i in op.inputs]
    if op.outputs[0] in graph.outputs or not all(
        t.is_constant and not t.array.any() for t in sides
    ):
        return False
    _settle(maker, op.outputs[0], np.bool_(True))
    return True


def _limit(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    """MINIMUM or MAXIMUM with a constant that no activation reaches: a choice of the other."""
    x, bound = op.inputs
    given = graph.tensors[bound]
    far = -_FAR if op.kind == "MAXIMUM" else _FAR
    if not _is_real(graph, op) or not given.is_constant or op.outputs[0] in graph.outputs:
        return False
    if not (given.array <= far if far < 0 else given.array >= far).all():
        return False
    maker.write("SELECT_V2", (maker.constant(np.array(True)), x, bound), op.outputs[0], {})
    return True


def _power(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    x, exponent = op.inputs
    given = graph.tensors[exponent]
    if not _is_real(graph, op) or not given.is_constant or given.elements != 1:
        return False
    number, result = float(given.array.item()), op.outputs[0]
    if number in (0.5, -0.5):
        maker.write("SQRT" if number > 0 else "RSQRT", (x,), result, {})
    elif number.is_integer() and 2 <= number <= _MOST_FACTORS:
        product = x
        for _ in range(int(number) - 2):
            product = maker.add("MUL", (product, x), x, _PLAIN)
        maker.write("MUL", (product, x), result, _PLAIN)
    elif number.is_integer():
        return False
    else:
        log = maker.add("LOG", (maker.add("MAXIMUM", (x, maker.number(_TINY)), x, {}),), x, {})
        scaled = maker.add("MUL", (log, maker.number(number)), x, _PLAIN)
        maker.write("EXP", (scaled,), result, {})
    return True


_FORMS: Mapping[str, Form] = {
    "EQUAL": _equal,
    "GELU": write_gelu,
    "MAXIMUM": _limit,
    "MINIMUM": _limit,
    "NEG": _negative,
    "POW": _power,
    "SQUARE": _square,
    "SUB": _difference,
    "ZEROS_LIKE": _zeros,
}


def _settle(maker: GraphMaker, index: int, value: np.generic) -> None:
    """A tensor becomes a constant, the same value everywhere."""
    tensor: Tensor = maker.tensors[index]
    data = np.full(tensor.shape, value).tobytes()
    maker.tensors[index] = replace(tensor, data=data)


def _without_choices(graph: Graph) -> Graph:
    """The graph without SELECT whose condition is true throughout: what it gives is its second."""
    instead: dict[int, int] = {}
    operators = []
    for op in graph.operators:
        op = replace(op, inputs=tuple(instead.get(i, i) for i in op.inputs))
        if op.kind in ("SELECT", "SELECT_V2") and op.outputs[0] not in graph.outputs:
            condition, chosen = (graph.tensors[i] for i in op.inputs[:2])
            same = chosen.shape == graph.tensors[op.outputs[0]].shape
            if same and condition.is_constant and condition.array.all():
                instead[op.outputs[0]] = chosen.index
                continue
        operators.append(op)
    if not instead:
        return graph
    numbered = tuple(replace(op, index=i) for i, op in enumerate(operators))
    return without_unused(replace(graph, operators=numbered))
