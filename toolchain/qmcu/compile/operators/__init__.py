"""The one statement of which operators are supported, under which constraints, and how.

One module per family of operators; each exposes SUPPORT, a typed form an entry. OPERATORS maps a
TFLite operator name to its forms: the compiler, its refusals and docs/OPERATORS.md all read it.
"""

from qmcu.compile.lowering import Forms, OperatorSupport
from qmcu.compile.operators import (
    activations_s16,
    arithmetic,
    broadcasting,
    casting,
    choosing,
    circular,
    comparisons,
    concatenation,
    control,
    convolution,
    custom,
    detection,
    division,
    elementwise,
    elementwise_s16,
    filling,
    fully_connected,
    gathering,
    log_softmax,
    lookup,
    lstm,
    matmul,
    mean,
    mirror_padding,
    packing,
    padding,
    pooling,
    products_s16,
    quantization,
    real_layers,
    real_lookup,
    real_rows,
    rearranging,
    reduction,
    resize,
    resize_bilinear,
    rsqrt_s16,
    scattering,
    shapes,
    signal,
    slicing,
    softmax,
    softmax_s16,
    sorting,
    spatial,
    sums,
    svdf,
    transpose,
    transpose_conv,
    unary,
    variables,
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
    lstm,
    quantization,
    variables,
    svdf,
    shapes,
    padding,
    concatenation,
    control,
    slicing,
    transpose,
    resize,
    broadcasting,
    choosing,
    division,
    filling,
    gathering,
    matmul,
    mirror_padding,
    packing,
    rearranging,
    reduction,
    resize_bilinear,
    spatial,
    sums,
    unary,
    arithmetic,
    comparisons,
    casting,
    products_s16,
    elementwise_s16,
    activations_s16,
    log_softmax,
    real_layers,
    real_lookup,
    real_rows,
    softmax_s16,
    rsqrt_s16,
    signal,
    circular,
    detection,
    sorting,
    scattering,
)


def _forms() -> dict[str, Forms]:
    found: dict[str, list[OperatorSupport]] = {}
    for module in _MODULES:
        for support in module.SUPPORT:
            found.setdefault(support.kind, []).append(support)
    return {kind: tuple(forms) for kind, forms in found.items()}


OPERATORS: dict[str, Forms] = _forms()


def forms_of(kind: str) -> Forms:
    """The forms of an operator, those of the user's own included; empty when it is unknown."""
    return custom.custom_forms(kind) or OPERATORS.get(kind, ())


__all__ = ["OPERATORS", "forms_of"]
