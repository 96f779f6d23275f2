"""Random ADD, SUB, MUL, MAXIMUM and MINIMUM graphs."""

import numpy as np
from bench.operators.single import (
    SingleOperator,
    chance,
    float32,
    fused_activation,
    log_uniform,
    pick,
    quantization,
    zero_point,
)

from qmcu.model.graph import Graph, Quantization

Rng = np.random.Generator
Shape = tuple[int, ...]


def add(rng: Rng, dtype: str = "int8") -> Graph:
    """Scales of the same size or far apart, any broadcasting, constant operands."""
    return _sum(rng, "ADD", dtype)


def sub(rng: Rng, dtype: str = "int8") -> Graph:
    """Scales of the same size or far apart, any broadcasting, constant operands."""
    return _sum(rng, "SUB", dtype)


def mul(rng: Rng, dtype: str = "int8") -> Graph:
    """Outputs that fit the product, saturated or nearly constant, multipliers above 1."""
    first, second = quantization(rng, dtype=dtype), quantization(rng, dtype=dtype)
    typical = first.scale * second.scale * (60 if dtype == "int8" else 2**14)
    factor = pick(rng, 1.0, 1.0, 1.0, 0.01, 100.0)
    target = log_uniform(rng, typical * factor * 0.3, typical * factor * 3)
    if chance(rng, 0.2):
        # Sums on the ties of rounding, where the last bit of the multiplier is seen.
        target = float32(first.scale * second.scale * float(pick(rng, 32, 64, 128)))
    if dtype == "int16":
        target = max(target, float32(first.scale * second.scale * 0.51), 1e-8)
    result = Quantization((target,), (zero_point(rng, dtype),))
    return _binary(rng, "MUL", (first, second, result), dtype)


def maximum(rng: Rng) -> Graph:
    """Any broadcasting, constant operands."""
    same = quantization(rng)
    return _binary(rng, "MAXIMUM", (same, same, same), "int8")


def minimum(rng: Rng) -> Graph:
    """Any broadcasting, constant operands."""
    same = quantization(rng)
    return _binary(rng, "MINIMUM", (same, same, same), "int8")


def _sum(rng: Rng, kind: str, dtype: str) -> Graph:
    first = quantization(rng, dtype=dtype)
    spread = pick(rng, 1.0, 3.0, 3.0, 1e3, 1e6)
    scale = float32(first.scale * log_uniform(rng, 1 / spread, spread))
    second = Quantization((scale,), (zero_point(rng, dtype),))
    largest = max(first.scale, second.scale)
    # The output's scale must be more than 2^-19 of the larger input scale.
    factor = pick(rng, log_uniform(rng, 0.5, 3), log_uniform(rng, 1e-4, 1e4), 1.0, 2.0)
    # Limits of activations in steps of a smaller scale would not fit int32.
    target = Quantization(
        (max(float32(largest * factor), float32(1e-8)),), (zero_point(rng, dtype),)
    )
    return _binary(rng, kind, (first, second, target), dtype)


def _binary(
    rng: Rng, kind: str, quantizations: tuple[Quantization, Quantization, Quantization], dtype: str
) -> Graph:
    *own, target = quantizations
    limit = 128 if dtype == "int8" else 2**15
    both = shapes(rng)
    operator = SingleOperator(kind)
    # One of the two may be constant, never both.
    constant = int(pick(rng, 0, 1, 2, 2, 2))
    for position, (shape, quantized) in enumerate(zip(both, own, strict=True)):
        if position == constant:
            values = rng.integers(-limit, limit, size=shape).astype(dtype)
            if kind == "MUL" and dtype == "int16" and chance(rng, 0.1):
                # As converters write zeros.
                quantized = Quantization((0.0,), (0,))
            operator.constant(f"constant{position}", values, quantized)
        else:
            operator.input(shape, quantized, dtype)
    options = {} if kind in ("MAXIMUM", "MINIMUM") else {"fused_activation_function": "NONE"}
    if options:
        options["fused_activation_function"] = fused_activation(rng)
    result = np.broadcast_shapes(*both)
    return operator.graph((result, target), options=options, version=2, dtype=dtype)


def shapes(rng: Rng) -> tuple[Shape, Shape]:
    """Two shapes that broadcast: equal, with ones, of different ranks, scalars."""
    if chance(rng, 0.1):
        return _deep(rng)
    rank = int(rng.integers(1, 6))
    full = tuple(int(n) for n in rng.integers(1, 7 if rank < 5 else 4, size=rank))
    if chance(rng, 0.35):
        return full, full
    first = tuple(1 if chance(rng, 0.3) else n for n in full)
    second = tuple(1 if chance(rng, 0.3) else n for n in full)
    cut = int(rng.integers(0, rank + 1))
    shorter = pick(rng, second, second[cut:], (), full[-1:])
    return (shorter, first) if chance(rng, 0.5) else (first, shorter)


def _deep(rng: Rng) -> tuple[Shape, Shape]:
    """Six dimensions, most of which only one of the two has."""
    full = [int(n) for n in rng.integers(1, 4, size=6)]
    owners = [int(pick(rng, d % 2, d % 2, d % 2, 0, 1, 2)) for d in range(len(full))]
    return (
        tuple(1 if owner == 1 else n for n, owner in zip(full, owners, strict=True)),
        tuple(1 if owner == 0 else n for n, owner in zip(full, owners, strict=True)),
    )
