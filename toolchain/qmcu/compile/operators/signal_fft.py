"""SignalRfft and SignalIrfft: transforms of int16, int32 and float32 as KissFFT computes them."""

import math
from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators.signal_options import declared, number, operand_types
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument
from qmcu.types import Array

_SUFFIXES = {"int16": "s16", "int32": "s32", "float32": "f32"}


def _numbers(phases: Sequence[float], dtype: str) -> Array:
    """cos and sin of each phase, as fractions of the type or as float32."""
    pairs = [f(phase) for phase in phases for f in (math.cos, math.sin)]
    if dtype == "float32":
        return np.array(pairs, np.float32)
    most = np.iinfo(dtype).max
    return np.array([math.floor(0.5 + most * value) for value in pairs], dtype)


def _lower(*, inverse: bool) -> Callable[[OperatorContext], KernelCall]:
    def lower(context: OperatorContext) -> KernelCall:
        source, target = context.input(0), context.output()
        half = number(context, "fft_length") // 2
        sign = 1.0 if inverse else -1.0
        factors = [sign * 2 * math.pi * i / half for i in range(half)]
        turns = [sign * math.pi * ((i + 1) / half + 0.5) for i in range(half // 2)]
        fields = [
            ("rows", prod(source.shape[:-1])),
            ("length", source.shape[-1]),
            ("half", half),
            ("stride", target.shape[-1] // 2),
        ]
        if inverse:
            fields = [fields[0], fields[2], ("stride", source.shape[-1] // 2)]
            fields.append(("length", target.shape[-1]))
        kernel = f"signal_{'irfft' if inverse else 'rfft'}_{_SUFFIXES[source.dtype]}"
        arguments = (
            ParametersArgument(f"qmcu_{kernel}_params", tuple(fields)),
            context.operand(source),
            context.constant("factors", _numbers(factors, source.dtype), "table"),
            context.constant("turns", _numbers(turns, source.dtype), "table"),
            ScratchArgument(2 * half * (source.size // source.elements)),
            context.operand(target),
        )
        return context.call(kernel, arguments)

    return lower


def _check(*, inverse: bool) -> Constraint:
    def check(context: OperatorContext) -> str | None:
        length = number(context, "fft_length")
        if length < 4 or length & (length - 1):
            return f"fft_length is {length}, a power of two from 4 on is needed"
        real, pairs = context.input(0), context.output()
        if inverse:
            real, pairs = pairs, real
        fits = real.shape[-1] == length if inverse else real.shape[-1] <= length
        if not (fits and pairs.shape[-1] == length + 2 and real.shape[:-1] == pairs.shape[:-1]):
            return f"input {context.input(0)} and output {context.output()} do not fit {length}"
        return None

    return Constraint("fft_length is a power of two that fits the shapes", check)


def _form(dtype: str, *, inverse: bool) -> OperatorSupport:
    name = "Irfft" if inverse else "Rfft"
    constraints = (operand_types((dtype,), (dtype,)), declared("fft_length"))
    return OperatorSupport(
        f"CUSTOM:Signal{name}",
        f"signal_{name.lower()}_{_SUFFIXES[dtype]}",
        (*constraints, _check(inverse=inverse)),
        _lower(inverse=inverse),
        types=(dtype,),
    )


FFT_SUPPORT = tuple(
    _form(dtype, inverse=inverse) for inverse in (False, True) for dtype in _SUFFIXES
)
