"""SOFTMAX of int16 over the last dimension."""

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import KernelCall, ParametersArgument
from qmcu.compile.requantize import quantize_multiplier

Float32s = npt.NDArray[np.float32]

_STEPS = 512
# Sums of 2**15 in a row stay below 2**31, differences of 2**16 times 2**15 too.
_LONGEST_ROW = (1 << 16) - 1
_LARGEST_MULTIPLIER = 2.0**15


def _round(values: Float32s) -> Float32s:
    """To the nearest integer, ties away from zero."""
    return np.copysign(np.floor(np.abs(values) + np.float32(0.5)), values).astype(np.float32)


def interpolation_table(
    function: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    low: float,
    high: float,
) -> npt.NDArray[np.int16]:
    """`function` from `low` to `high` in 512 steps, int16[513] with 15 fractional bits.

    In float32 as the interpreter computes it: each entry but the last is moved by half of what the
    straight line to the next is off in its middle.
    """
    f = np.float32
    step = f((f(high) - f(low)) / f(_STEPS))
    fine = f(65536) / (f(2 / 65535) * f(32767) - f(2 / 65535) * f(-32768))

    def values(at: Float32s) -> Float32s:
        exact: Float32s = (function(at.astype(np.float64)).astype(f) * fine).astype(f)
        return exact

    starts = (f(low) + np.arange(_STEPS, dtype=f) * step).astype(f)
    ends = (f(low) + np.arange(1, _STEPS + 1, dtype=f) * step).astype(f)
    first = _round(values(starts))
    middle = _round(values((starts + step / f(2)).astype(f)))
    excess = _round(((values(ends) + first) / f(2)).astype(f)) - middle
    last = _round(values(np.array([high], f)))
    entries = np.concatenate([first - _round(excess / f(2)), last])
    table: npt.NDArray[np.int16] = np.clip(entries, -(2**15), 2**15 - 1).astype(np.int16)
    return table


@cache
def tables() -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """exp(x) for x from -10 to 0, and 1 / (1 + x) for x from 0 to 1."""
    range_ = np.float32(65535)
    low = float(np.float32(10) / range_ * np.float32(-65535))
    high = float(np.float32(1) / range_ * np.float32(65535))
    return (
        interpolation_table(np.exp, low, 0.0),
        interpolation_table(lambda x: 1 / (1 + x), 0.0, high),
    )


def _multiplier(context: OperatorContext) -> float:
    """From differences of inputs to steps of 10 / 65535."""
    return quantization_of(context.input(0)).scale * context.real("beta") / (10.0 / 65535.0)


def _problem(context: OperatorContext) -> str | None:
    source, target = context.input(0), context.output()
    scale, real = quantization_of(target).scale, _multiplier(context)
    if not abs(scale * 2**15 - 1) <= 0.001:
        return f"output {target.name} has scale {scale:.9g}, 2^-15 is needed"
    # Written so that NaN fails too.
    if not 0 <= real < _LARGEST_MULTIPLIER:
        return f"beta {context.real('beta')} times input scale is outside 0 to 5"
    if source.shape[-1] > _LONGEST_ROW:
        return f"{source.shape[-1]} classes, at most {_LONGEST_ROW}"
    return None


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    multiplier, shift = quantize_multiplier(_multiplier(context))
    exponentials, reciprocals = tables()
    parameters = ParametersArgument(
        "qmcu_softmax_s16_params",
        (
            ("rows", source.elements // source.shape[-1]),
            ("depth", source.shape[-1]),
            ("multiplier", multiplier),
            ("shift", shift),
        ),
    )
    overlay = () if source.is_constant else ((source.index, target.index),)
    arguments = (
        parameters,
        context.operand(source),
        context.constant("exponentials", exponentials, "table"),
        context.constant("reciprocals", reciprocals, "table"),
        context.operand(target),
    )
    return context.call("softmax_s16", arguments, may_overlay=overlay)


SUPPORT = (
    OperatorSupport(
        "SOFTMAX",
        "softmax_s16",
        (
            checks.operands(1),
            checks.types("int16", same=True),
            checks.quantized(symmetric=True),
            checks.input_rank(1, 8),
            checks.same_shape(),
            Constraint(
                f"output scale 2^-15, beta * input scale below 5, at most {_LONGEST_ROW} classes",
                _problem,
            ),
        ),
        _lower,
        types=("int16",),
    ),
)
