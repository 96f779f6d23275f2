"""ELU of int8: a table of 256 bytes, computed in float32 as the interpreter computes its own."""

from decimal import Decimal, localcontext

import numpy as np

from qmcu.compile.lowering import OperatorContext, OperatorSupport
from qmcu.compile.operators import lookup

_Real = np.float32


def _powers() -> tuple[float, ...]:
    """2^(i / 32), correctly rounded."""
    with localcontext() as context:
        context.prec = 60
        return tuple(float(Decimal(2) ** (Decimal(i) / 32)) for i in range(32))


_POWERS = _powers()


def exponential(value: float) -> np.float32:
    """The float32 exp(value) of firmware/kernels/portable/exponential.h, for values below 0."""
    if value < float.fromhex("-0x1.9fe368p6"):
        return _Real(0)
    scaled = float.fromhex("0x1.71547652b82fep5") * value
    k = round(scaled)
    exact = float.fromhex("0x1.7154765p5") * value
    r = (exact - k) + float.fromhex("0x1.5c17fp-26") * value
    high = float.fromhex("0x1.c6af84b912394p-20") * r + float.fromhex("0x1.ebfce50fac4f3p-13")
    low = float.fromhex("0x1.62e42ff0c52d6p-6") * r + 1.0
    power = _POWERS[k % 32] * 2.0 ** (k // 32)
    return _Real((high * (r * r) + low) * power)


def elu_table(context: OperatorContext) -> lookup.Values:
    """ELU: exp(x) - 1 below 0, with a change of quantization."""
    source, target = context.input(0).quantization, context.output().quantization
    assert source is not None and target is not None
    inverse = _Real(1) / _Real(target.scale)
    results = []
    for byte in range(-128, 128):
        value = _Real(source.scale) * _Real(byte - source.zero_point)
        result = exponential(float(value)) - _Real(1) if value < 0 else value
        scaled = result * inverse
        # Ties away from zero.
        rounded = np.copysign(np.floor(np.abs(np.float64(scaled)) + 0.5), scaled)
        results.append(int(_Real(rounded) + _Real(target.zero_point)))
    return np.clip(np.array(results, np.int64), -128, 127)


SUPPORT: tuple[OperatorSupport, ...] = (lookup.support("ELU", elu_table, lookup.INPUT_RATIO),)
