"""Random graphs of sums, products and reductions that are not convolutions."""

from typing import Any

import numpy as np
import numpy.typing as npt
from bench.operators.single import (
    SingleOperator,
    chance,
    float32,
    fused_activation,
    log_uniform,
    pick,
    quantization,
    quantization_of,
    zero_point,
)

from qmcu.model.graph import Graph, OptionValue, Quantization

Rng = np.random.Generator
Shape = tuple[int, ...]


def _shape(rng: Rng, low: int, high: int, longest: int) -> Shape:
    """`low` to `high` dimensions of 1 to `longest`."""
    return tuple(
        int(n) for n in rng.integers(1, longest + 1, size=int(rng.integers(low, high + 1)))
    )


def _target(rng: Rng, scale: float, dtype: str = "int8") -> Quantization | None:
    """A quantization with about this scale, where the type has one."""
    if dtype not in ("int8", "int16"):
        return None
    return Quantization((float32(scale * log_uniform(rng, 0.3, 3)),), (zero_point(rng, dtype),))


def _scale(quantization: Quantization | None) -> float:
    return 1.0 if quantization is None else quantization.scale


def _values(rng: Rng, shape: Shape, dtype: str) -> npt.NDArray[Any]:
    """Constant values of a type."""
    if dtype == "float32":
        return np.array(rng.normal(0, 2, size=shape), np.float32)
    limit = 1 << (8 * np.dtype(dtype).itemsize - 1) if dtype != "int32" else 1000
    return np.array(rng.integers(-limit, limit, size=shape), dtype)


def _reduced(rng: Rng, shape: Shape) -> tuple[list[int], Shape, bool]:
    """Axes as stated, the output's shape, and whether dimensions are kept."""
    rank = len(shape)
    count = int(rng.integers(1, rank + 1))
    axes = [int(a) for a in rng.choice(rank, size=count, replace=False)]
    keep = chance(rng, 0.5)
    result = tuple(1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes)
    stated = [a - rank if chance(rng, 0.3) else a for a in axes]
    if chance(rng, 0.2):
        stated.append(stated[0])
    return stated, result, keep


def reduce_max(rng: Rng, dtype: str = "int8") -> Graph:
    """Ranks 1 to 5, any axes (also negative and repeated), keep_dims or not."""
    return _extreme(rng, "REDUCE_MAX", dtype)


def reduce_min(rng: Rng, dtype: str = "int8") -> Graph:
    """As REDUCE_MAX."""
    return _extreme(rng, "REDUCE_MIN", dtype)


def reduce_all(rng: Rng) -> Graph:
    """As REDUCE_MAX, of truths."""
    return _extreme(rng, "REDUCE_ALL", "bool")


def reduce_any(rng: Rng) -> Graph:
    """As REDUCE_MAX, of truths."""
    return _extreme(rng, "REDUCE_ANY", "bool")


def reduce_prod(rng: Rng, dtype: str = "int8") -> Graph:
    """As REDUCE_MAX; products that fit, that saturate and that are nearly nothing."""
    if dtype not in ("int8", "int16"):
        return _extreme(rng, "REDUCE_PROD", dtype, 4 if dtype == "float32" else 7)
    shape = _shape(rng, 1, 5, 4)
    stated, result, keep = _reduced(rng, shape)
    source = quantization_of(rng, dtype)
    operator = SingleOperator("REDUCE_PROD")
    operator.input(shape, source, dtype)
    operator.constant("axes", np.array(stated, np.int32))
    # What each factor is scaled by, to one of usual size or nearly so.
    usual = 1 / (70.0 if dtype == "int8" else 18000.0)
    factor = usual * log_uniform(rng, 0.5, float(pick(rng, 2, 2, 6)))
    count = np.prod(shape) / np.prod(result)
    scale = float(np.clip((_scale(source) / factor) ** count, 1e-30, 1e30))
    target = Quantization((float32(scale),), (zero_point(rng, dtype),))
    return operator.graph((result, target), options={"keep_dims": keep}, version=2, dtype=dtype)


def _extreme(rng: Rng, kind: str, dtype: str, longest: int = 7) -> Graph:
    shape = _shape(rng, 1, 5, longest)
    stated, result, keep = _reduced(rng, shape)
    same = None if dtype == "int32" else quantization_of(rng, dtype)
    operator = SingleOperator(kind)
    operator.input(shape, same, dtype)
    operator.constant("axes", np.array(stated, np.int32))
    return operator.graph((result, same), options={"keep_dims": keep}, version=2, dtype=dtype)


def sum_(rng: Rng, dtype: str = "int8") -> Graph:
    """Ranks 1 to 4 and at times 5 to 7, outputs that fit and that saturate."""
    shape = _shape(rng, 5, 7, 3) if chance(rng, 0.2) else _shape(rng, 1, 4, 7)
    stated, result, keep = _reduced(rng, shape)
    source = None if dtype == "int32" else quantization_of(rng, dtype)
    count = np.prod(shape) / np.prod(result)
    operator = SingleOperator("SUM")
    operator.input(shape, source, dtype)
    operator.constant("axes", np.array(stated, np.int32))
    target = _target(rng, _scale(source) * float(pick(rng, np.sqrt(count), count, 1.0)), dtype)
    return operator.graph((result, target), options={"keep_dims": keep}, version=2, dtype=dtype)


def add_n(rng: Rng, dtype: str = "int8") -> Graph:
    """2 to 6 inputs that are quantized alike, at times 16 to 24; some of them constant."""
    shape = _shape(rng, 1, 4, 6)
    count = int(rng.integers(2, 7)) if chance(rng, 0.9) else int(rng.integers(16, 25))
    source = quantization_of(rng, dtype)
    operator = SingleOperator("ADD_N")
    for part in range(count):
        if part and chance(rng, 0.2):
            values = rng.integers(-100, 100, shape) if dtype == "int8" else rng.normal(0, 3, shape)
            operator.constant(f"part{part}", values.astype(dtype), source)
        else:
            operator.input(shape, source, dtype)
    return operator.graph(
        (shape, _target(rng, _scale(source) * np.sqrt(count), dtype)), dtype=dtype
    )


def cumsum(rng: Rng, dtype: str = "int8") -> Graph:
    """Along any axis, from either end, with and without the element itself."""
    shape = _shape(rng, 1, 4, 9)
    axis = int(rng.integers(-len(shape), len(shape)))
    source = None if dtype == "int32" else quantization_of(rng, dtype)
    operator = SingleOperator("CUMSUM")
    operator.input(shape, source, dtype)
    operator.constant("axis", np.array(pick(rng, axis, [axis]), np.int32))
    options: dict[str, OptionValue] = {
        "exclusive": chance(rng, 0.5),
        "reverse": chance(rng, 0.5),
    }
    target = _target(rng, _scale(source) * np.sqrt(shape[axis]), dtype)
    return operator.graph((shape, target), options=options, dtype=dtype)


def l2_normalization(rng: Rng, dtype: str = "int8") -> Graph:
    """Ranks 1 to 4, rows of 1 to 200."""
    shape = (*_shape(rng, 0, 3, 4), int(pick(rng, 1, 2, rng.integers(1, 20), rng.integers(1, 200))))
    operator = SingleOperator("L2_NORMALIZATION")
    operator.input(shape, quantization_of(rng, dtype), dtype)
    options: dict[str, OptionValue] = {"fused_activation_function": "NONE"}
    return operator.graph(
        (shape, Quantization((1 / 128,), (0,)) if dtype == "int8" else None),
        options=options,
        version=2,
        dtype=dtype,
    )


def _broadcast(rng: Rng, most: int) -> tuple[Shape, Shape]:
    """A shape, and one that broadcasts to it."""
    shape = _shape(rng, 6, most, 3) if most > 5 and chance(rng, 0.1) else _shape(rng, 1, 5, 6)
    shape = shape[-most:]
    if chance(rng, 0.3):
        return shape, shape
    short = shape[int(rng.integers(len(shape))) :]
    return shape, tuple(1 if chance(rng, 0.4) else n for n in short)


def prelu(rng: Rng, dtype: str = "int8") -> Graph:
    """Alpha per channel, per pixel, one for all, constant or not."""
    shape, slopes = _broadcast(rng, 4 if dtype == "float32" else 6)
    source = quantization_of(rng, dtype)
    slope_type = "float32" if dtype == "float32" else "int8"
    alpha = quantization_of(rng, slope_type)
    operator = SingleOperator("PRELU")
    operator.input(shape, source, dtype)
    if chance(rng, 0.7):
        operator.constant("alpha", _values(rng, slopes, slope_type), alpha)
    else:
        operator.input(slopes, alpha, slope_type)
    factor = float(pick(rng, 1.0, _scale(alpha) * 60))
    return operator.graph((shape, _target(rng, _scale(source) * factor, dtype)), dtype=dtype)


def squared_difference(rng: Rng, dtype: str = "int8") -> Graph:
    """Scales alike and far apart, either input repeated or constant."""
    shapes = list(_broadcast(rng, 6))
    result = shapes[0]
    if chance(rng, 0.5):
        shapes.reverse()
    first = quantization_of(rng, dtype)
    second = pick(rng, first, _target(rng, _scale(first) * log_uniform(rng, 0.05, 20), dtype))
    operator = SingleOperator("SQUARED_DIFFERENCE")
    fixed = int(rng.integers(-1, 2)) if chance(rng, 0.4) else -1
    for position, (shape, own) in enumerate(zip(shapes, (first, second), strict=True)):
        if position == fixed:
            operator.constant("fixed", _values(rng, shape, dtype), own)
        else:
            operator.input(shape, own, dtype)
    unit = 256 if dtype == "int16" else 1
    largest = max(_scale(first), _scale(second))
    target = _target(rng, largest * largest * float(pick(rng, 20, 100, 250)) * unit, dtype)
    return operator.graph((result, target), version=2, dtype=dtype)


def batch_matmul(rng: Rng, dtype: str = "int8") -> Graph:
    """Ranks 2 to 5, batches repeated on either side, adjoints, either side constant."""
    batches = _shape(rng, 0, 3, 3)
    rows, depth, columns = (int(n) for n in rng.integers(1, (8, 20, 8)))
    adjoint = [chance(rng, 0.4), chance(rng, 0.4)]
    matrices = [(rows, depth), (depth, columns)]
    whole = int(rng.integers(2))
    quantizations = [quantization_of(rng, dtype), quantization_of(rng, dtype)]
    operator = SingleOperator("BATCH_MATMUL")
    fixed = int(pick(rng, -1, -1, 0, 1))
    for side in range(2):
        matrix = matrices[side][::-1] if adjoint[side] else matrices[side]
        own = batches if side == whole else tuple(1 if chance(rng, 0.3) else n for n in batches)
        if side != whole and chance(rng, 0.2):
            own = own[int(rng.integers(len(own) + 1)) :]
        if side == fixed:
            operator.constant("fixed", _values(rng, (*own, *matrix), dtype), quantizations[side])
        else:
            operator.input((*own, *matrix), quantizations[side], dtype)
    unit = 256 if dtype == "int16" else 1
    product = _scale(quantizations[0]) * _scale(quantizations[1])
    scale = product * unit * 80 * np.sqrt(depth)
    if dtype == "int16" and chance(rng, 0.1):
        # Sums that leave the 32 bits of the interpreter's result.
        scale = product / log_uniform(rng, 10, 16000)
    options: dict[str, OptionValue] = {
        "adj_x": adjoint[0],
        "adj_y": adjoint[1],
        "asymmetric_quantize_inputs": False,
    }
    result = (*batches, rows, columns)
    return operator.graph(
        (result, _target(rng, scale, dtype)), options=options, version=4, dtype=dtype
    )


def arg_max(rng: Rng, dtype: str = "int8") -> Graph:
    """Along any axis, with ties."""
    return _arg(rng, "ARG_MAX", dtype)


def arg_min(rng: Rng, dtype: str = "int8") -> Graph:
    """As ARG_MAX."""
    return _arg(rng, "ARG_MIN", dtype)


def _arg(rng: Rng, kind: str, dtype: str) -> Graph:
    shape = _shape(rng, 1, 5, 7)
    axis = int(rng.integers(-len(shape), len(shape)))
    operator = SingleOperator(kind)
    own = None if dtype == "int32" else quantization_of(rng, dtype)
    operator.input(shape, own, dtype)
    operator.constant("axis", np.array(pick(rng, axis, [axis]), np.int32))
    axis %= len(shape)
    options: dict[str, OptionValue] = {"output_type": "INT32"}
    result = (*shape[:axis], *shape[axis + 1 :])
    return operator.graph((result, None), options=options, dtype="int32", version=2)


def div(rng: Rng) -> Graph:
    """Quotients that fit and that saturate; divisors that are zero too, and constant."""
    shapes = list(_broadcast(rng, 6))
    result = shapes[0]
    if chance(rng, 0.5):
        shapes.reverse()
    first, second = quantization(rng), quantization(rng)
    operator = SingleOperator("DIV")
    operator.input(shapes[0], first)
    if chance(rng, 0.5):
        operator.constant("divisor", _values(rng, shapes[1], "int8"), second)
    else:
        operator.input(shapes[1], second)
    target = _target(rng, first.scale / second.scale * float(pick(rng, 0.02, 0.1, 1.0)))
    options: dict[str, OptionValue] = {"fused_activation_function": fused_activation(rng)}
    return operator.graph((result, target), options=options)
