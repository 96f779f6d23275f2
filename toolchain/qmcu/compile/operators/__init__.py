"""The one statement of which operators are supported, under which constraints, and how.

One module per family of operators; each exposes SUPPORT. OPERATORS maps a TFLite operator name to
its OperatorSupport: the compiler, its refusals and docs/OPERATORS.md all read it.
"""

from qmcu.compile.lowering import OperatorSupport
from qmcu.compile.operators import (
    concatenation,
    convolution,
    elementwise,
    fully_connected,
    lookup,
    mean,
    padding,
    pooling,
    resize,
    shapes,
    slicing,
    softmax,
    transpose,
    transpose_conv,
)

_MODULES = (
    convolution,
    fully_connected,
    transpose_conv,
    pooling,
    mean,
    softmax,
    elementwise,
    lookup,
    shapes,
    padding,
    concatenation,
    slicing,
    transpose,
    resize,
)

OPERATORS: dict[str, OperatorSupport] = {
    support.kind: support for module in _MODULES for support in module.SUPPORT
}

__all__ = ["OPERATORS"]
