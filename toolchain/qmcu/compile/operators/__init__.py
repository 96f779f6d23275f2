"""The one statement of which operators are supported, under which constraints, and how.

One module per family of operators; each exposes SUPPORT. OPERATORS maps a TFLite operator name to
its OperatorSupport: the compiler, its refusals and docs/OPERATORS.md all read it.
"""

from qmcu.compile.lowering import OperatorSupport
from qmcu.compile.operators import (
    broadcasting,
    concatenation,
    convolution,
    elementwise,
    fully_connected,
    gathering,
    lookup,
    matmul,
    mean,
    mirror_padding,
    packing,
    padding,
    pooling,
    rearranging,
    reduction,
    resize,
    resize_bilinear,
    shapes,
    slicing,
    softmax,
    spatial,
    sums,
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
    broadcasting,
    gathering,
    matmul,
    mirror_padding,
    packing,
    rearranging,
    reduction,
    resize_bilinear,
    spatial,
    sums,
)

OPERATORS: dict[str, OperatorSupport] = {
    support.kind: support for module in _MODULES for support in module.SUPPORT
}

__all__ = ["OPERATORS"]
