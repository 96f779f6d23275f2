"""Activation limits inside int8, for kernels that saturate to int8 alone.

Saturation to int8 and then to the limits is saturation to the limits, so that a pass over the
output's bytes, four at a time, makes any such kernel exact: 1.3 instructions an output.
"""

from collections.abc import Sequence
from dataclasses import replace

from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import KernelCall, OutputPass, ParametersArgument
from qmcu.compile.requantize import activation_range

_INT8 = (-128, 127)
_OPTION = "fused_activation_function"


def limits_of(context: OperatorContext) -> tuple[int, int]:
    """The least and largest output byte that the operator's fused activation leaves."""
    target = quantization_of(context.output())
    return activation_range(context.text(_OPTION, "NONE"), target.scale, target.zero_point)


def with_limits(lowerings: Sequence[Lowering]) -> tuple[Lowering, ...]:
    """The same lowerings, also for activation limits inside int8 where they decline such."""
    return tuple(map(_with_limits, lowerings))


def _with_limits(lower: Lowering) -> Lowering:
    def lowered(context: OperatorContext) -> KernelCall | None:
        call = lower(context)
        if call is not None or context.output().dtype != "int8" or limits_of(context) == _INT8:
            return call
        options = {**context.operator.options, _OPTION: "NONE"}
        call = lower(replace(context, operator=replace(context.operator, options=options)))
        return None if call is None else _clamped(context, call)

    return lowered


def _clamped(context: OperatorContext, call: KernelCall) -> KernelCall:
    low, high = limits_of(context)
    fields = (("size", context.output().elements), ("minimum", low), ("maximum", high))
    arguments = (
        ParametersArgument("qmcu_clamp_dsp_params", fields),
        context.operand(context.output()),
    )
    name = context.text(_OPTION)
    step = OutputPass("clamp_dsp", arguments, f"{name}: {low} to {high}")
    return replace(call, passes=(*call.passes, step))
