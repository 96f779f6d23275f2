"""Random graphs of sums, products and reductions that are not convolutions."""

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
Shape = tuple[int, ...]


def _shape(rng: Rng, low: int, high: int, longest: int) -> Shape:
    """`low` to `high` dimensions of 1 to `longest`."""
    return tuple(
        int(n) for n in rng.integers(1, longest + 1, size=int(rng.integers(low, high + 1)))
    )


def _target(rng: Rng, scale: float, zero: int | None = None) -> Quantization:
    """A quantization with about this scale."""
    point = zero_point(rng) if zero is None else zero
    return Quantization((float32(scale * log_uniform(rng, 0.3, 3)),), (point,))


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


def reduce_max(rng: Rng) -> Graph:
    """Ranks 1 to 5, any axes (also negative and repeated), keep_dims or not."""
    return _extreme(rng, "REDUCE_MAX")


def reduce_min(rng: Rng) -> Graph:
    """As REDUCE_MAX."""
    return _extreme(rng, "REDUCE_MIN")


def _extreme(rng: Rng, kind: str) -> Graph:
    shape = _shape(rng, 1, 5, 7)
    stated, result, keep = _reduced(rng, shape)
    same = quantization(rng)
    operator = SingleOperator(kind)
    operator.input(shape, same)
    operator.constant("axes", np.array(stated, np.int32))
    return operator.graph((result, same), options={"keep_dims": keep}, version=2)


def sum_(rng: Rng) -> Graph:
    """Ranks 1 to 4, outputs that fit and that saturate."""
    shape = _shape(rng, 1, 4, 7)
    stated, result, keep = _reduced(rng, shape)
    source = quantization(rng)
    count = np.prod(shape) / np.prod(result)
    operator = SingleOperator("SUM")
    operator.input(shape, source)
    operator.constant("axes", np.array(stated, np.int32))
    target = _target(rng, source.scale * float(pick(rng, np.sqrt(count), count, 1.0)))
    return operator.graph((result, target), options={"keep_dims": keep}, version=2)


def add_n(rng: Rng) -> Graph:
    """2 to 6 inputs that are quantized alike."""
    shape = _shape(rng, 1, 4, 6)
    count = int(rng.integers(2, 7))
    source = quantization(rng)
    operator = SingleOperator("ADD_N")
    for _ in range(count):
        operator.input(shape, source)
    return operator.graph((shape, _target(rng, source.scale * np.sqrt(count))))


def cumsum(rng: Rng) -> Graph:
    """Along any axis, from either end, with and without the element itself."""
    shape = _shape(rng, 1, 4, 9)
    axis = int(rng.integers(-len(shape), len(shape)))
    source = quantization(rng)
    operator = SingleOperator("CUMSUM")
    operator.input(shape, source)
    operator.constant("axis", np.array(pick(rng, axis, [axis]), np.int32))
    options: dict[str, OptionValue] = {
        "exclusive": chance(rng, 0.5),
        "reverse": chance(rng, 0.5),
    }
    target = _target(rng, source.scale * np.sqrt(shape[axis]))
    return operator.graph((shape, target), options=options)


def l2_normalization(rng: Rng) -> Graph:
    """Ranks 1 to 4, rows of 1 to 200."""
    shape = (*_shape(rng, 0, 3, 4), int(pick(rng, 1, 2, rng.integers(1, 20), rng.integers(1, 200))))
    operator = SingleOperator("L2_NORMALIZATION")
    operator.input(shape, quantization(rng))
    options: dict[str, OptionValue] = {"fused_activation_function": "NONE"}
    return operator.graph((shape, Quantization((1 / 128,), (0,))), options=options, version=2)


def _broadcast(rng: Rng, most: int) -> tuple[Shape, Shape]:
    """A shape, and one that broadcasts to it."""
    shape = _shape(rng, 1, most, 6)
    if chance(rng, 0.3):
        return shape, shape
    short = shape[int(rng.integers(len(shape))) :]
    return shape, tuple(1 if chance(rng, 0.4) else n for n in short)


def prelu(rng: Rng) -> Graph:
    """Alpha per channel, per pixel, one for all, constant or not."""
    shape, slopes = _broadcast(rng, 4)
    source, alpha = quantization(rng), quantization(rng)
    operator = SingleOperator("PRELU")
    operator.input(shape, source)
    if chance(rng, 0.7):
        values = np.array(rng.integers(-128, 128, size=slopes), np.int8)
        operator.constant("alpha", values, alpha)
    else:
        operator.input(slopes, alpha)
    factor = float(pick(rng, 1.0, alpha.scale * 60))
    return operator.graph((shape, _target(rng, source.scale * factor)))


def squared_difference(rng: Rng) -> Graph:
    """Scales alike and far apart, either input repeated or constant."""
    shapes = list(_broadcast(rng, 4))
    result = shapes[0]
    if chance(rng, 0.5):
        shapes.reverse()
    first = quantization(rng)
    second = pick(rng, first, _target(rng, first.scale * log_uniform(rng, 0.05, 20)))
    operator = SingleOperator("SQUARED_DIFFERENCE")
    fixed = int(rng.integers(-1, 2)) if chance(rng, 0.4) else -1
    for position, (shape, own) in enumerate(zip(shapes, (first, second), strict=True)):
        if position == fixed:
            values = np.array(rng.integers(-128, 128, size=shape), np.int8)
            operator.constant("fixed", values, own)
        else:
            operator.input(shape, own)
    largest = max(first.scale, second.scale)
    target = _target(rng, largest * largest * float(pick(rng, 20, 100, 250)))
    return operator.graph((result, target), version=2)


def batch_matmul(rng: Rng) -> Graph:
    """Ranks 2 to 5, batches repeated on either side, adjoints, either side constant."""
    batches = _shape(rng, 0, 3, 3)
    rows, depth, columns = (int(n) for n in rng.integers(1, (8, 20, 8)))
    adjoint = [chance(rng, 0.4), chance(rng, 0.4)]
    matrices = [(rows, depth), (depth, columns)]
    whole = int(rng.integers(2))
    quantizations = [quantization(rng), quantization(rng)]
    operator = SingleOperator("BATCH_MATMUL")
    fixed = int(pick(rng, -1, -1, 0, 1))
    for side in range(2):
        matrix = matrices[side][::-1] if adjoint[side] else matrices[side]
        own = batches if side == whole else tuple(1 if chance(rng, 0.3) else n for n in batches)
        if side != whole and chance(rng, 0.2):
            own = own[int(rng.integers(len(own) + 1)) :]
        if side == fixed:
            values = rng.integers(-128, 128, size=(*own, *matrix)).astype(np.int8)
            operator.constant("fixed", values, quantizations[side])
        else:
            operator.input((*own, *matrix), quantizations[side])
    scale = quantizations[0].scale * quantizations[1].scale * 70 * 70 * np.sqrt(depth) / 60
    options: dict[str, OptionValue] = {
        "adj_x": adjoint[0],
        "adj_y": adjoint[1],
        "asymmetric_quantize_inputs": False,
    }
    result = (*batches, rows, columns)
    return operator.graph((result, _target(rng, scale)), options=options, version=4)
