"""Random graphs of the operators that are a function of one byte; the input has all 256 bytes."""

from collections.abc import Mapping

import numpy as np
from bench.operators.single import (
    SingleOperator,
    chance,
    float32,
    log_uniform,
    pick,
    quantization,
    zero_point,
)

from qmcu.model.graph import Graph, OptionValue, Quantization

Rng = np.random.Generator


def relu(rng: Rng) -> Graph:
    """With and without a change of quantization."""
    return _unary(rng, "RELU", *_pair(rng))


def relu6(rng: Rng) -> Graph:
    """Scales at which 6 is anywhere from 1 to far outside the range."""
    same = quantization(rng, 1e-4, 6.0)
    return _unary(rng, "RELU6", same, same)


def byte_function(rng: Rng, kind: str) -> Graph:
    """Scales from a step function to a nearly constant one; GELU by erf and by tanh."""
    options = {"approximate": chance(rng, 0.5)} if kind == "GELU" else {}
    return _unary(rng, kind, _wide(rng), quantization(rng, 1e-4, 2.0), options=options)


def leaky_relu(rng: Rng) -> Graph:
    """Alpha small, zero, one, above one and negative."""
    alpha = pick(rng, 0.01, 0.2, 0.3, 0.0, 1.0, 2.5, -0.3, log_uniform(rng, 1e-4, 10))
    return _unary(rng, "LEAKY_RELU", *_pair(rng), options={"alpha": float32(alpha)})


def logistic(rng: Rng) -> Graph:
    """Scales from a nearly constant to a step function."""
    return _unary(rng, "LOGISTIC", _wide(rng), Quantization((1 / 256,), (-128,)))


def tanh(rng: Rng) -> Graph:
    """Scales from a nearly constant to a step function."""
    return _unary(rng, "TANH", _wide(rng), Quantization((1 / 128,), (0,)))


def hard_swish(rng: Rng) -> Graph:
    """Ranges far smaller and far larger than [-3, 3], outputs that fit or saturate."""
    low, high = (1e-12, 1e6) if chance(rng, 0.2) else (1e-3, 1.0)
    source = Quantization((log_uniform(rng, low, high),), (zero_point(rng),))
    factor = pick(rng, log_uniform(rng, 0.3, 1.5), log_uniform(rng, 0.01, 1e4))
    target = Quantization((float32(source.scale * factor),), (zero_point(rng),))
    return _unary(rng, "HARD_SWISH", source, target)


def abs_(rng: Rng) -> Graph:
    """With and without a change of scale."""
    return _unary(rng, "ABS", *_pair(rng))


def abs_int16(rng: Rng) -> Graph:
    """With and without a change of scale."""
    shape = pick(rng, (256,), (1, 16, 17), (2, 3, 4, 8), (1, 5))
    source = quantization(rng, dtype="int16")
    factor = pick(rng, 1.0, log_uniform(rng, 0.2, 5))
    operator = SingleOperator("ABS")
    operator.input(shape, source, "int16")
    target = Quantization((float32(source.scale * factor),), (0,))
    return operator.graph((shape, target), dtype="int16")


def rsqrt(rng: Rng) -> Graph:
    """Inputs from zero on: the reference fails for negative ones."""
    source = Quantization((log_uniform(rng, 1e-4, 1.0),), (-128,))
    scale = log_uniform(rng, 0.02, 2) / np.sqrt(source.scale) / 127
    return _unary(rng, "RSQRT", source, Quantization((float32(scale),), (zero_point(rng),)))


def rsqrt_int16(rng: Rng) -> Graph:
    """Outputs that fit and that saturate."""
    shape = pick(rng, (256,), (1, 16, 17), (2, 3, 4, 8), (1, 5))
    source = quantization(rng, dtype="int16")
    scale = log_uniform(rng, 0.04, 4) / np.sqrt(source.scale) / 32767
    operator = SingleOperator("RSQRT")
    operator.input(shape, source, "int16")
    return operator.graph((shape, Quantization((float32(scale),), (0,))), dtype="int16")


def elu(rng: Rng) -> Graph:
    """With and without a change of quantization."""
    return _unary(rng, "ELU", *_pair(rng))


def _wide(rng: Rng) -> Quantization:
    low, high = pick(rng, (0.01, 0.2), (0.01, 0.2), (1e-6, 0.01), (0.2, 7.9))
    return Quantization((log_uniform(rng, low, high),), (zero_point(rng),))


def _pair(rng: Rng) -> tuple[Quantization, Quantization]:
    source = quantization(rng, 1e-4, 1.0)
    factor = pick(rng, 1.0, log_uniform(rng, 0.3, 3), log_uniform(rng, 1e-4, 1e3))
    return source, Quantization((float32(source.scale * factor),), (zero_point(rng),))


def _unary(
    rng: Rng,
    kind: str,
    source: Quantization,
    target: Quantization,
    options: Mapping[str, OptionValue] | None = None,
    dtype: str = "int8",
) -> Graph:
    shape = pick(rng, (256,), (1, 16, 16), (2, 4, 4, 8), (1, 256), (1, 2, 2, 8, 8))
    operator = SingleOperator(kind)
    operator.input(shape, source, dtype)
    return operator.graph((shape, target), options=options, version=1, dtype=dtype)


def relu_wide(rng: Rng) -> Graph:
    """RELU of int16, with and without a change of scale."""
    return _unary(rng, "RELU", *_wide_pair(rng), dtype="int16")


def relu6_wide(rng: Rng) -> Graph:
    """RELU6 of int16, at scales at which 6 is from 1 to the whole range."""
    same = Quantization((log_uniform(rng, 6 / 32767, 6.0),), (0,))
    return _unary(rng, "RELU6", same, same, dtype="int16")


def leaky_relu_wide(rng: Rng) -> Graph:
    """LEAKY_RELU of int16; alpha small, zero, one, above one and negative."""
    alpha = pick(rng, 0.01, 0.2, 0.3, 0.0, 1.0, 2.5, -0.3, log_uniform(rng, 1e-4, 10))
    options: dict[str, OptionValue] = {"alpha": float32(alpha)}
    return _unary(rng, "LEAKY_RELU", *_wide_pair(rng), options=options, dtype="int16")


def logistic_wide(rng: Rng) -> Graph:
    """LOGISTIC of int16; scales that are powers of two, nearly so, and others."""
    return _unary(rng, "LOGISTIC", _argument(rng), _fraction(rng), dtype="int16")


def tanh_wide(rng: Rng) -> Graph:
    """TANH of int16; scales that are powers of two, nearly so, and others."""
    return _unary(rng, "TANH", _argument(rng), _fraction(rng), dtype="int16")


def _argument(rng: Rng) -> Quantization:
    exact = 2.0 ** -int(rng.integers(6, 16))
    scale = pick(rng, exact, exact * rng.uniform(0.998, 1.002), log_uniform(rng, 1e-6, 2.6))
    return Quantization((float32(pick(rng, scale, log_uniform(rng, 1e-5, 1e-2), 2.0**-12)),), (0,))


def _fraction(rng: Rng) -> Quantization:
    return Quantization((pick(rng, 2.0**-15, 2.0**-15, float32(1.0005 * 2.0**-15)),), (0,))


def _wide_pair(rng: Rng) -> tuple[Quantization, Quantization]:
    source = quantization(rng, 1e-4, 1.0, "int16")
    factor = pick(rng, 1.0, log_uniform(rng, 0.3, 3), log_uniform(rng, 1e-3, 1e4))
    return source, Quantization((float32(source.scale * factor),), (0,))


def softmax_wide(rng: Rng) -> Graph:
    """SOFTMAX of int16: scales from nearly uniform to one-hot outputs; several betas."""
    shape = [int(n) for n in rng.integers(1, 5, size=int(rng.integers(1, 5)))]
    shape[-1] = int(pick(rng, 1, 2, 10, rng.integers(1, 40), rng.integers(1, 512)))
    beta = float32(pick(rng, 1.0, 1.0, 1.0, 0.5, log_uniform(rng, 0.01, 10)))
    scale = pick(rng, log_uniform(rng, 1e-5, 1e-3), log_uniform(rng, 1e-7, 0.4))
    operator = SingleOperator("SOFTMAX")
    operator.input(tuple(shape), Quantization((scale,), (0,)), "int16")
    result = (tuple(shape), _fraction(rng))
    return operator.graph(result, options={"beta": beta}, version=2, dtype="int16")
