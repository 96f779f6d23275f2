"""ONNX operators without a TFLite operator of their own, as those that have one."""

from collections.abc import Callable

import numpy as np

from qmcu.model.graph import Quantization
from qmcu.model.onnx.angles import FORMS as ANGLES
from qmcu.model.onnx.einsum import write_einsum
from qmcu.model.onnx.functions import FORMS as FUNCTIONS
from qmcu.model.onnx.maker import Maker
from qmcu.model.onnx.net import Net, Node, Value
from qmcu.model.onnx.normalizations import FORMS as NORMALIZATIONS
from qmcu.model.onnx.recurrent import unroll
from qmcu.model.onnx.reductions import FORMS as REDUCTIONS
from qmcu.model.onnx.scattering import FORMS as SCATTERING


def decompose(net: Net, *, late: bool = False) -> None:
    """Replace each such node; `late` those that might have become part of another one.

    Raises ModelError for one with operands that are not constant, or do not fit together.
    """
    nodes: list[Node] = []
    for node in net.nodes:
        write = (_LATE if late else _FORMS).get(node.kind)
        try:
            new = None if write is None else write(Maker(net, node))
        except (ValueError, IndexError, ZeroDivisionError) as error:
            problem = "has operands or attributes that do not fit together"
            raise net.fail(node, problem, "export the model anew") from error
        nodes.extend([node] if new is None else new)
    net.nodes = nodes


def _global(kind: str) -> Callable[[Maker], list[Node]]:
    def write(m: Maker) -> list[Node]:
        axes = list(range(2, len(m.source.shape)))
        m.add(kind, [m.source.name], axes=axes, keepdims=1)
        return m.nodes

    return write


def _reshape(m: Maker) -> list[Node]:
    m.add("Reshape", [m.source.name])
    return m.nodes


def _divide(m: Maker) -> list[Node] | None:
    divisor = m.net.operand(m.node, 1)
    if divisor is None or divisor.array is None:
        return None
    if divisor.array.dtype.kind != "f" and divisor.quantization is None:
        return None
    m.add("Mul", [m.source.name, m.constant("inverse", 1.0 / divisor.real)])
    return m.nodes


def _negate(m: Maker) -> list[Node]:
    m.add("Mul", [m.source.name, m.constant("minus", -1.0)])
    return m.nodes


def _hard_sigmoid(m: Maker) -> list[Node]:
    """max(0, min(1, a x + b)) as a times what x + b / a is between 0 and 1 / a."""
    alpha, beta = m.node.number("alpha", 0.2), m.node.number("beta", 0.5)
    shape, target = m.source.shape, m.net.values[m.node.outputs[0]]
    shifted = m.add("Add", [m.source.name, m.constant("offset", beta / alpha)], shape)
    # Six is what a sum can be limited to by itself.
    top = 6.0 if abs(1.0 / alpha - 6.0) < 1e-4 else 1.0 / alpha
    limit = [m.constant("bottom", 0.0), m.constant("top", top)]
    clipped = m.add("Clip", [shifted, *limit], shape)
    grid = target.quantization
    if grid is not None and m.source.quantization is not None:
        # The same integers as the result: the factor is in the scale.
        between = Quantization((float(np.float32(grid.scale / alpha)),), grid.zero_points)
        for name in (shifted, clipped):
            m.net.values[name].dtype, m.net.values[name].quantization = target.dtype, between
    m.add("Mul", [clipped, m.constant("factor", alpha)])
    return m.nodes


def _softmax(m: Maker) -> list[Node] | None:
    """Before operator set 13 the axis stands for all behind it: the same where it is the last."""
    rank = len(m.source.shape)
    old = m.net.opset < 13
    axis = m.node.integer("axis", 1 if old else -1) % rank
    if old and any(n != 1 for n in m.source.shape[axis + 1 :]):
        raise m.net.fail(m.node, "covers several axes", "export with operator set 13 or newer")
    if old and m.source.shape[axis] == 1:
        return None
    m.node.attributes["axis"] = axis
    return None


def _gemm(m: Maker) -> list[Node] | None:
    """Gemm of two activations: a product of matrices and a sum."""
    if m.net.constant(m.node.inputs[1]) is not None or m.node.integer("transA"):
        return None
    if m.node.number("alpha", 1.0) != 1.0 or m.node.number("beta", 1.0) != 1.0:
        return None
    right = m.node.inputs[1]
    shape = m.net.values[right].shape
    if m.node.integer("transB"):
        right = m.add("Transpose", [right], shape[::-1], perm=[1, 0])
    if m.net.operand(m.node, 2) is None:
        m.add("MatMul", [m.source.name, right])
        return m.nodes
    product = m.add("MatMul", [m.source.name, right], m.net.values[m.node.outputs[0]].shape)
    m.add("Add", [product, m.node.inputs[2]])
    return m.nodes


def _cubic(m: Maker, limit: float, first: float, third: float) -> str:
    """first x + third x^3 of x within +-limit, behind which what reads it does not change."""
    shape = m.source.shape
    bounds = [m.constant("bottom", -limit), m.constant("top", limit)]
    x = m.add("Clip", [m.source.name, *bounds], shape)
    square = m.add("Mul", [m.add("Mul", [x, x], shape), m.constant("third", third)], shape)
    return m.add("Mul", [x, m.add("Add", [square, m.constant("first", first)], shape)], shape)


def _erf(m: Maker) -> list[Node]:
    """erf(x) as tanh(2 / sqrt(pi) (x + 0.08943 x^3)): Hendrycks and Gimpel 2016, section 2."""
    m.add("Tanh", [_cubic(m, 3.0, 1.128379, 0.100911)])
    m.net.notes.append(f"{m.node} is computed by tanh, in real numbers within 0.0004")
    return m.nodes


def _gelu(m: Maker) -> list[Node]:
    """x sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3)), the same paper's form by tanh."""
    shape = m.source.shape
    gate = m.add("Sigmoid", [_cubic(m, 4.5, 1.595769, 0.071355)], shape)
    m.add("Mul", [m.source.name, gate])
    if m.node.text("approximate", "none") == "none":
        m.net.notes.append(f"{m.node} is computed by sigmoid, in real numbers within 0.0005")
    return m.nodes


def _unroll(m: Maker) -> list[Node]:
    return unroll(m.net, m.node)


def _smallest(m: Maker) -> list[Node] | None:
    """TopK of the smallest: the largest of what has the other sign."""
    if m.node.integer("largest", 1):
        return None
    down = m.same("Mul", m.source.name, m.constant("minus", -1.0))
    values, *places = m.node.outputs
    if values:
        name = m.net.free_name(f"{values}/largest")
        m.net.values[name] = Value(name, m.net.values[values].shape, "float32", inner=True)
    found = [name if values else "", *places]
    attributes = {**m.node.attributes, "largest": 1}
    m.nodes.append(Node("TopK", m.node.label, [down, *m.node.inputs[1:]], found, attributes))
    if values:
        m.add("Mul", [name, m.constant("sign", -1.0)])
    return m.nodes


_FORMS: dict[str, Callable[[Maker], list[Node] | None]] = {
    **ANGLES,
    **FUNCTIONS,
    **NORMALIZATIONS,
    **REDUCTIONS,
    **SCATTERING,
    "Einsum": write_einsum,
    "Div": _divide,
    "Erf": _erf,
    "Flatten": _reshape,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GRU": _unroll,
    "GlobalAveragePool": _global("ReduceMean"),
    "GlobalMaxPool": _global("ReduceMax"),
    "LSTM": _unroll,
    "Neg": _negate,
    "RNN": _unroll,
    "Reshape": _reshape,
    "Softmax": _softmax,
    "Squeeze": _reshape,
    "TopK": _smallest,
    "Unsqueeze": _reshape,
}
_LATE: dict[str, Callable[[Maker], list[Node] | None]] = {"HardSigmoid": _hard_sigmoid}
