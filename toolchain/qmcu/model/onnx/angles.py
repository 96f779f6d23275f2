"""Angles and hyperbolic functions, by ATAN2, roots, EXP and LOG."""

from collections.abc import Callable

import numpy as np

from qmcu.model.onnx.maker import Maker
from qmcu.model.onnx.net import Node

Form = Callable[[Maker], list[Node] | None]


def _square(m: Maker) -> str:
    return m.same("Mul", m.source.name, m.source.name)


def _cosine(m: Maker) -> str:
    """The root of 1 - x^2; 0 for what rounding has put beyond 1."""
    left = m.same("Sub", m.constant("one", 1.0), _square(m))
    return m.same("Sqrt", m.same("Max", left, m.constant("zero", 0.0)))


def _atan(m: Maker) -> list[Node]:
    """The angle of (1, x); of a quotient y / x that of (|x|, y sign(x)), which has no far ends."""
    quotient = m.net.producers().get(m.source.name)
    if quotient is not None and quotient.kind == "Div" and m.source.quantization is None:
        y, x = quotient.inputs
        if {m.net.values[i].shape for i in (y, x)} == {m.source.shape}:
            left = m.same("Less", x, m.constant("zero", 0.0), dtype="bool")
            turned = m.same("Where", left, m.same("Mul", y, m.constant("minus", -1.0)), y)
            m.add("Atan2", [turned, m.same("Abs", x)])
            return m.nodes
    ones = m.constant("ones", np.ones(m.source.shape, np.float32))
    m.add("Atan2", [m.source.name, ones])
    return m.nodes


def _asin(m: Maker) -> list[Node]:
    m.add("Atan2", [m.source.name, _cosine(m)])
    return m.nodes


def _acos(m: Maker) -> list[Node]:
    m.add("Atan2", [_cosine(m), m.source.name])
    return m.nodes


def _tan(m: Maker) -> list[Node]:
    m.add("Div", [m.same("Sin", m.source.name), m.same("Cos", m.source.name)])
    return m.nodes


def _hyperbolic(kind: str) -> Form:
    """Half the difference, or the sum, of exp(x) and exp(-x)."""

    def write(m: Maker) -> list[Node]:
        down = m.same("Mul", m.source.name, m.constant("minus", -1.0))
        parts = [m.same("Exp", m.source.name), m.same("Exp", down)]
        m.add("Mul", [m.same(kind, *parts), m.constant("half", 0.5)])
        return m.nodes

    return write


def _asinh(m: Maker) -> list[Node]:
    """sign(x) log(|x| + root of x^2 + 1): of the size alone, for nothing is to cancel."""
    root = m.same("Sqrt", m.same("Add", _square(m), m.constant("one", 1.0)))
    size = m.same("Log", m.same("Add", m.same("Abs", m.source.name), root))
    zero = m.constant("zero", 0.0)
    parts = [m.same(kind, m.source.name, zero, dtype="bool") for kind in ("Greater", "Less")]
    m.add("Mul", [m.same("Sub", *(m.same("Cast", part) for part in parts)), size])
    return m.nodes


def _acosh(m: Maker) -> list[Node]:
    """log(x + root of x^2 - 1)."""
    left = m.same("Sub", _square(m), m.constant("one", 1.0))
    root = m.same("Sqrt", m.same("Max", left, m.constant("zero", 0.0)))
    m.add("Log", [m.same("Add", m.source.name, root)])
    return m.nodes


def _atanh(m: Maker) -> list[Node]:
    """Half of log((1 + x) / (1 - x))."""
    one = m.constant("one", 1.0)
    above, below = m.same("Add", one, m.source.name), m.same("Sub", one, m.source.name)
    m.add("Mul", [m.same("Log", m.same("Div", above, below)), m.constant("half", 0.5)])
    return m.nodes


FORMS: dict[str, Form] = {
    "Acos": _acos,
    "Acosh": _acosh,
    "Asin": _asin,
    "Asinh": _asinh,
    "Atan": _atan,
    "Atanh": _atanh,
    "Cosh": _hyperbolic("Add"),
    "Sinh": _hyperbolic("Sub"),
    "Tan": _tan,
}
