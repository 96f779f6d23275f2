"""Random graphs of the operators that cut, join, pick and repeat."""

import numpy as np
from bench.operators.single import SingleOperator, chance, pick, quantization

from qmcu.model.graph import Graph, OptionValue

Rng = np.random.Generator
Shape = tuple[int, ...]


def _shape(rng: Rng, low: int, high: int, longest: int) -> Shape:
    """`low` to `high` dimensions of 1 to `longest`."""
    return tuple(
        int(n) for n in rng.integers(1, longest + 1, size=int(rng.integers(low, high + 1)))
    )


def _stated(rng: Rng, axis: int, rank: int) -> int:
    return axis - rank if chance(rng, 0.3) else axis


def split_v(rng: Rng) -> Graph:
    """1 to 6 parts of any sizes along any axis, one of them sometimes stated as the rest."""
    shape = list(_shape(rng, 1, 5, 5))
    axis = int(rng.integers(len(shape)))
    sizes = [int(n) for n in rng.integers(1, 5, size=int(rng.integers(1, 7)))]
    shape[axis] = sum(sizes)
    same = quantization(rng)
    operator = SingleOperator("SPLIT_V")
    operator.input(tuple(shape), same)
    stated = list(sizes)
    if chance(rng, 0.3):
        stated[int(rng.integers(len(stated)))] = -1
    operator.constant("sizes", np.array(stated, np.int32))
    operator.constant("axis", np.array(_stated(rng, axis, len(shape)), np.int32))
    outputs = [((*shape[:axis], size, *shape[axis + 1 :]), same) for size in sizes]
    return operator.graph(*outputs, options={"num_splits": len(sizes)}, version=2)


def pack(rng: Rng) -> Graph:
    """1 to 14 tensors along any new axis, some of them constant."""
    shape = _shape(rng, 0, 4, 5)
    parts = int(pick(rng, 1, 2, 2, 3, 4, 10, 14))
    axis = int(rng.integers(len(shape) + 1))
    same = quantization(rng)
    operator = SingleOperator("PACK")
    kept = int(rng.integers(parts))
    for part in range(parts):
        if part != kept and parts <= 10 and chance(rng, 0.2):
            values = rng.integers(-128, 128, size=shape).astype(np.int8)
            operator.constant(f"part{part}", np.array(values, np.int8), same)
        else:
            operator.input(shape, same)
    result = (*shape[:axis], parts, *shape[axis:])
    options: dict[str, OptionValue] = {
        "values_count": parts,
        "axis": _stated(rng, axis, len(shape) + 1),
    }
    return operator.graph((result, same), options=options, version=2)


def unpack(rng: Rng) -> Graph:
    """Every slice along any axis."""
    shape = _shape(rng, 1, 5, 5)
    axis = int(rng.integers(len(shape)))
    same = quantization(rng)
    operator = SingleOperator("UNPACK")
    operator.input(shape, same)
    piece = (*shape[:axis], *shape[axis + 1 :])
    options: dict[str, OptionValue] = {
        "num": shape[axis],
        "axis": _stated(rng, axis, len(shape)),
    }
    return operator.graph(*[(piece, same)] * shape[axis], options=options, version=2)


def slice_(rng: Rng) -> Graph:
    """Ranks 1 to 5, sizes stated or the rest."""
    shape = _shape(rng, 1, 5, 7)
    begin = [int(rng.integers(0, n)) for n in shape]
    size = [int(rng.integers(1, n - b + 1)) for n, b in zip(shape, begin, strict=True)]
    rest = [chance(rng, 0.3) for _ in shape]
    result = [n - b if r else s for n, b, s, r in zip(shape, begin, size, rest, strict=True)]
    stated = [-1 if r else s for s, r in zip(size, rest, strict=True)]
    same = quantization(rng)
    dtype = pick(rng, np.int32, np.int64)
    operator = SingleOperator("SLICE")
    operator.input(shape, same)
    operator.constant("begin", np.array(begin, dtype))
    operator.constant("size", np.array(stated, dtype))
    return operator.graph((tuple(result), same), version=2)


def reverse_v2(rng: Rng) -> Graph:
    """Ranks 1 to 5, neighbouring axes in any order."""
    shape = _shape(rng, 1, 5, 6)
    first = int(rng.integers(len(shape)))
    axes = list(range(first, int(rng.integers(first + 1, len(shape) + 1))))
    rng.shuffle(axes)
    same = quantization(rng)
    operator = SingleOperator("REVERSE_V2")
    operator.input(shape, same)
    stated = [_stated(rng, axis, len(shape)) for axis in axes]
    operator.constant("axes", np.array(stated, np.int32))
    return operator.graph((shape, same), version=2)


def broadcast_to(rng: Rng) -> Graph:
    """To 1 to 5 dimensions, of which the input has some, and repeats some."""
    result = _shape(rng, 1, 5, 5)
    rank = int(rng.integers(0, len(result) + 1))
    shape = tuple(1 if chance(rng, 0.4) else n for n in result[len(result) - rank :])
    same = quantization(rng)
    operator = SingleOperator("BROADCAST_TO")
    operator.input(shape, same)
    operator.constant("shape", np.array(result, pick(rng, np.int32, np.int64)))
    return operator.graph((result, same), version=2)


def gather(rng: Rng) -> Graph:
    """Indices of 0 to 3 dimensions along any axis, with and without batch dimensions."""
    shape = _shape(rng, 1, 5, 6)
    axis = int(rng.integers(len(shape)))
    batch = int(rng.integers(axis + 1)) if chance(rng, 0.3) else 0
    indices = (*shape[:batch], *_shape(rng, 0, 2, 4))
    same = quantization(rng)
    operator = SingleOperator("GATHER")
    operator.input(shape, same)
    values = np.array(rng.integers(0, shape[axis], size=indices), np.int32)
    operator.constant("indices", values)
    result = (*shape[:axis], *indices[batch:], *shape[axis + 1 :])
    options: dict[str, OptionValue] = {
        "axis": _stated(rng, axis, len(shape)),
        "batch_dims": batch,
    }
    return operator.graph((result, same), options=options, version=2)


def gather_nd(rng: Rng) -> Graph:
    """Blocks and single elements, indices of 1 to 3 dimensions."""
    shape = _shape(rng, 1, 5, 6)
    depth = int(rng.integers(1, len(shape) + 1))
    many = _shape(rng, 0, 2, 4)
    values = rng.integers(0, shape[:depth], size=(*many, depth)).astype(np.int32)
    same = quantization(rng)
    operator = SingleOperator("GATHER_ND")
    operator.input(shape, same)
    operator.constant("indices", values)
    return operator.graph(((*many, *shape[depth:]), same), version=2)
