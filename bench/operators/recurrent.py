"""Random SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM graphs: operators that keep a state."""

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


def svdf(rng: Rng, dtype: str = "int8") -> Graph:
    """Any rank, memory and batch; int8 with a state of int8 or int16, float32 without bias too."""
    rank, units = int(pick(rng, 1, 1, 2, 3)), int(rng.integers(1, 9))
    batches, depth = int(pick(rng, 1, 1, 2)), int(rng.integers(1, 40))
    memory, filters = int(rng.integers(1, 12)), rank * units
    options: dict[str, OptionValue] = {
        "rank": rank,
        "fused_activation_function": str(
            pick(rng, "NONE", "NONE", "RELU", "RELU6", "RELU_N1_TO_1")
        ),
        "asymmetric_quantize_inputs": False,
    }
    operator = SingleOperator("SVDF")
    shapes = ((batches, depth), (filters, depth), (filters, memory), (batches, filters * memory))
    if dtype == "float32":
        if chance(rng, 0.2):
            options["fused_activation_function"] = "TANH"
        _real_svdf(rng, operator, shapes, units)
        return operator.graph(((batches, units), None), options=options, dtype=dtype)
    target = _quantized_svdf(rng, operator, shapes, units)
    return operator.graph(((batches, units), target), options=options, version=3)


def lstm(rng: Rng, dtype: str = "int8") -> Graph:
    """Either order of time and batch, with and without a limit of the cell state."""
    batches, steps = int(pick(rng, 1, 1, 2, 3)), int(rng.integers(1, 6))
    depth, units = int(rng.integers(1, 20)), int(rng.integers(1, 12))
    time_major = chance(rng, 0.5)
    rows = (steps, batches) if time_major else (batches, steps)
    operator = SingleOperator("UNIDIRECTIONAL_SEQUENCE_LSTM")
    given, hidden = _activations(rng, dtype)
    cell = _cell_quantization(rng) if dtype != "float32" else None
    operator.input((*rows, depth), given, dtype)
    for name, columns, source in (("input", depth, given), ("recurrent", units, hidden)):
        for gate in ("input", "forget", "cell", "output"):
            _lstm_weights(rng, operator, f"{name}_to_{gate}", (units, columns), source)
    for _ in range(3):
        operator.absent()
    for gate in ("input", "forget", "cell", "output"):
        _lstm_bias(rng, operator, f"{gate}_bias", units, dtype)
    operator.absent()
    operator.absent()
    operator.variable("hidden", (batches, units), hidden, dtype)
    operator.variable("cell", (batches, units), cell, "float32" if cell is None else "int16")
    for _ in range(4):
        operator.absent()
    options: dict[str, OptionValue] = {
        "fused_activation_function": "TANH",
        "cell_clip": float32(pick(rng, 0.0, 0.0, 10.0, rng.uniform(0.05, 2))),
        "time_major": time_major,
    }
    return operator.graph(((*rows, units), hidden), options=options, version=3, dtype=dtype)


def _activations(rng: Rng, dtype: str) -> tuple[Quantization | None, Quantization | None]:
    """Of input and hidden state; the latter holds -1 to 1, sometimes a part of it."""
    if dtype == "float32":
        return None, None
    finest, point = (2.0**-7, zero_point(rng)) if dtype == "int8" else (2.0**-15, 0)
    scale = float32(finest * log_uniform(rng, 0.1, 2)) if chance(rng, 0.5) else finest
    return quantization(rng, dtype=dtype), Quantization((scale,), (point,))


def _cell_quantization(rng: Rng) -> Quantization:
    """A power of two, sometimes nearly or not at all."""
    scale = 2.0 ** -int(rng.integers(6, 17))
    if chance(rng, 0.2):
        scale = float32(scale * pick(rng, 1.0005, 0.71, 1.4))
    return Quantization((scale,), (0,))


def _lstm_weights(
    rng: Rng,
    operator: SingleOperator,
    name: str,
    shape: tuple[int, int],
    source: Quantization | None,
) -> None:
    if source is None:
        operator.constant(name, rng.normal(0, 0.7, shape).astype(np.float32))
        return
    values = rng.integers(-127, 128, shape).astype(np.int8)
    most = 127 if source.scale > 2.0**-12 else 2**15
    reach = source.scale * most * 64 * np.sqrt(shape[1])
    scale = float32(log_uniform(rng, 0.3, 10) / reach)
    operator.constant(name, values, Quantization((scale,), (0,)))


def _lstm_bias(rng: Rng, operator: SingleOperator, name: str, units: int, dtype: str) -> None:
    if dtype == "float32":
        operator.constant(name, rng.normal(0, 0.5, units).astype(np.float32))
        return
    kind, most = (np.int32, 2**14) if dtype == "int8" else (np.int64, 2**22)
    operator.constant(name, rng.integers(-most, most, units, dtype=kind))


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
    drawn = rng.integers(-128, 128, features).astype(np.int8)
    operator.constant("features", drawn, Quantization((weights,), (0,)))
    over_time = float32(over_time)
    operator.constant("times", values, Quantization((over_time,), (0,)))
    bias = rng.normal(0, total / (kept * over_time) / 4, units)
    added = float(np.float32(kept) * np.float32(over_time))
    operator.constant(
        "bias", np.clip(bias, -(2**30), 2**30).astype(np.int32), Quantization((added,), (0,))
    )
    operator.variable("state", state, Quantization((kept,), (point,)), np.dtype(kind).name)
    return Quantization((float32(total / 128 * log_uniform(rng, 0.3, 8)),), (zero_point(rng),))
