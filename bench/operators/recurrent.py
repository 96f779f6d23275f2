"""Random SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM graphs: operators that keep a state."""

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

from qmcu.model.graph import Graph, OptionValue, Quantization

Rng = np.random.Generator


def svdf(rng: Rng, dtype: str = "int8") -> Graph:
    """Any rank, memory and batch; int8 with a state of int8 or int16, float32 without bias too."""
    rank, units = int(pick(rng, 1, 1, 2, 3)), int(rng.integers(1, 9))
    batches, depth = int(pick(rng, 1, 1, 2)), int(rng.integers(1, 40))
    memory, filters = int(rng.integers(1, 12)), rank * units
    options: dict[str, OptionValue] = {
        "rank": rank,
        "fused_activation_function": fused_activation(rng),
        "asymmetric_quantize_inputs": False,
    }
    operator = SingleOperator("SVDF")
    shapes = ((batches, depth), (filters, depth), (filters, memory), (batches, filters * memory))
    if dtype == "float32":
        _real_svdf(rng, operator, shapes, units)
        return operator.graph(((batches, units), None), options=options, dtype=dtype)
    target = _quantized_svdf(rng, operator, shapes, units)
    return operator.graph(((batches, units), target), options=options, version=3)


_Shapes = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]


def _real_svdf(rng: Rng, operator: SingleOperator, shapes: _Shapes, units: int) -> None:
    source, features, times, state = shapes
    operator.input(source, None, "float32")
    operator.constant("features", rng.normal(0, 0.5, features).astype(np.float32))
    operator.constant("times", rng.normal(0, 0.5, times).astype(np.float32))
    operator.constant("bias", rng.normal(0, 0.5, units).astype(np.float32))
    operator.variable("state", state, None, "float32")


def _quantized_svdf(
    rng: Rng, operator: SingleOperator, shapes: _Shapes, units: int
) -> Quantization:
    """All operands; scales so that the state and the output neither vanish nor always saturate."""
    source, features, times, state = shapes
    kind = np.int8 if chance(rng, 0.5) else np.int16
    least, greatest = np.iinfo(kind).min, np.iinfo(kind).max
    here, weights = quantization(rng), log_uniform(rng, 1e-3, 1e-1)
    over_time = log_uniform(rng, 1e-3, 1e-1) / (1 if kind is np.int8 else 256)
    values = rng.integers(least, greatest, times, dtype=kind, endpoint=True)
    spread = here.scale * weights * 74 * 74 * np.sqrt(source[1])
    kept = float32(spread / greatest * log_uniform(rng, 0.3, 8))
    total = kept * over_time * greatest * greatest / 3 * np.sqrt(times[1] * times[0] / units)
    point = zero_point(rng) if kind is np.int8 else 0
    operator.input(source, here)
    operator.constant(
        "features", rng.integers(-128, 128, features).astype(np.int8), Quantization((weights,), (0,))
    )
    over_time = float32(over_time)
    operator.constant("times", values, Quantization((over_time,), (0,)))
    bias = rng.normal(0, total / (kept * over_time) / 4, units)
    added = float32(np.float32(kept) * np.float32(over_time))
    operator.constant(
        "bias", np.clip(bias, -(2**30), 2**30).astype(np.int32), Quantization((added,), (0,))
    )
    operator.variable("state", state, Quantization((kept,), (point,)), np.dtype(kind).name)
    return Quantization((float32(total / 128 * log_uniform(rng, 0.3, 8)),), (zero_point(rng),))
