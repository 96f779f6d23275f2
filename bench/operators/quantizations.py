"""Random QUANTIZE and DEQUANTIZE graphs."""

import numpy as np
from bench.operators.single import (
    SingleOperator,
    float32,
    log_uniform,
    pick,
    quantization,
    zero_point,
)

from qmcu.model.graph import Graph, Quantization

Rng = np.random.Generator
_SHAPES = ((256,), (1, 16, 16), (2, 4, 4, 8), (1, 256), (1, 2, 2, 8, 8), (7,), (1, 3))
# To which types QUANTIZE goes from each.
_TARGETS = {
    "int8": ("int8", "int8", "uint8", "int16", "int32"),
    "uint8": ("int8",),
    "int16": ("int8", "int16", "int8", "int32"),
    "int32": ("int8", "int16"),
}
# Output scales are more than this many input scales.
_LEAST = {"int8": 2.0**-20, "uint8": 2.0**-20, "int16": 2.0**-12, "int32": 3.0}


def quantize(rng: Rng, dtype: str = "int8") -> Graph:
    """To every type; ratios of scales near that of the types, far from it, exactly one."""
    target = str(pick(rng, *_TARGETS[dtype]))
    source = quantization(rng, 1e-4, 1.0, dtype)
    fitting = 2.0 ** (_bits(dtype) - _bits(target))
    factor = pick(rng, 1.0, log_uniform(rng, 0.3, 3), log_uniform(rng, 1e-4, 1e3)) * fitting
    scale = float32(source.scale * max(factor, _LEAST[dtype]))
    operator = SingleOperator("QUANTIZE")
    shape = pick(rng, *_SHAPES)
    operator.input(shape, source, dtype)
    result = Quantization((scale,), (zero_point(rng, target),))
    return operator.graph((shape, result), dtype=target)


def quantize_real(rng: Rng) -> Graph:
    """Real numbers inside and outside the range, on ties, to int8 and int16."""
    target = str(pick(rng, "int8", "int8", "int16"))
    operator = SingleOperator("QUANTIZE")
    shape = pick(rng, *_SHAPES)
    operator.input(shape, None, "float32")
    scale = pick(rng, log_uniform(rng, 1e-4, 1.0), 1 / 255, 0.5, log_uniform(rng, 1e-12, 1e12))
    result = Quantization((float32(scale),), (zero_point(rng, target),))
    return operator.graph((shape, result), dtype=target)


def dequantize(rng: Rng, dtype: str = "int8") -> Graph:
    """Any scale, the tiniest and hugest included."""
    operator = SingleOperator("DEQUANTIZE")
    shape = pick(rng, *_SHAPES)
    scale = pick(rng, log_uniform(rng, 1e-4, 1.0), log_uniform(rng, 1e-30, 1e30))
    source = Quantization((float32(scale),), (zero_point(rng, dtype),))
    operator.input(shape, source, dtype)
    return operator.graph((shape, None), version=2, dtype="float32")


def _bits(dtype: str) -> int:
    return {"int8": 8, "uint8": 8, "int16": 16, "int32": 32}[dtype]
