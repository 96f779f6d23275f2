"""REDUCE_MAX of int8 over neighbouring dimensions before others, a maximum pool of one column; over
the last ones, as REDUCE_MIN, rows."""

from dataclasses import replace
from math import prod

from qmcu.compile.kernel_sets.mve_packing import LANES
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.reduction import axes
from qmcu.compile.plan import KernelCall, ParametersArgument

# Values behind those that are compared, from which a kernel of channels pays.
_LEAST_DEPTH = 4


def _as_image(context: OperatorContext) -> tuple[int, int, int] | None:
    """Sizes before the reduced dimensions, of them, and behind; None where they are apart."""
    shape = context.input(0).shape
    reduced = sorted(i for i in axes(context) if shape[i] > 1)
    if not reduced:
        return None
    first, last = reduced[0], reduced[-1]
    if any(shape[i] > 1 and i not in reduced for i in range(first, last)):
        return None
    return prod(shape[:first]), prod(shape[first : last + 1]), prod(shape[last + 1 :])


def rows(kind: str, core: str) -> Lowering:
    """The lowering of REDUCE_MAX or REDUCE_MIN over the last dimensions for `core`, dsp or mve."""

    def lower(context: OperatorContext) -> KernelCall | None:
        image = _as_image(context)
        if image is None or image[2] > 1 or context.input(0).is_constant:
            return None
        name = f"{kind.lower()}_rows_{core}"
        operands = (context.operand(tensor) for tensor in (context.input(0), context.output()))
        fields = (("rows", image[0]), ("length", image[1]))
        return context.call(name, (ParametersArgument(f"qmcu_{name}_params", fields), *operands))

    return lower


def reduce_max(core: str) -> Lowering:
    """The lowering for `core`, dsp, mve or scalar."""

    def lower(context: OperatorContext) -> KernelCall | None:
        image = _as_image(context)
        if image is None or image[2] < _LEAST_DEPTH or context.input(0).is_constant:
            return None
        batches, height, depth = image
        fields = {
            "batches": batches, "input_height": height, "input_width": 1, "depth": depth,
            "output_height": 1, "output_width": 1, "kernel_height": height, "kernel_width": 1,
            "stride_height": 1, "stride_width": 1, "padding_top": 0, "padding_left": 0,
            "activation_minimum": -128, "activation_maximum": 127,
        }  # fmt: skip
        name = f"max_pool_2d_{core}"
        operands = (context.operand(tensor) for tensor in (context.input(0), context.output()))
        parameters = ParametersArgument(f"qmcu_{name}_params", tuple(fields.items()))
        call = context.call(name, (parameters, *operands))
        return replace(call, overread=-depth % LANES if core == "mve" else 0)

    return lower
