"""RSQRT of int16."""

from qmcu.compile.lowering import OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, lookup
from qmcu.compile.operators.unary import unary_call
from qmcu.compile.plan import KernelCall
from qmcu.compile.requantize import quantize_multiplier


def _lower(context: OperatorContext) -> KernelCall:
    multiplier, shift = quantize_multiplier(lookup.inverse_root_scale(context))
    fields = (("multiplier", multiplier), ("shift", shift))
    return unary_call(context, "rsqrt_s16", "qmcu_rsqrt_s16_params", fields)


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "RSQRT",
        "rsqrt_s16",
        (
            checks.operands(1),
            checks.types("int16"),
            checks.quantized(symmetric=True),
            checks.same_elements(),
            lookup.RSQRT_SCALES,
        ),
        _lower,
        types=("int16",),
    ),
)
