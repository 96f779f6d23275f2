"""Random graphs of the operators that cut, join, pick and repeat."""

import numpy as np
import numpy.typing as npt
from bench.operators.single import (
    SingleOperator,
    chance,
    log_uniform,
    pick,
    quantization_of,
)

from qmcu.model.graph import Graph, OptionValue, Quantization

Rng = np.random.Generator
Shape = tuple[int, ...]


def _shape(rng: Rng, low: int, high: int, longest: int) -> Shape:
    """`low` to `high` dimensions of 1 to `longest`."""
    return tuple(
        int(n) for n in rng.integers(1, longest + 1, size=int(rng.integers(low, high + 1)))
    )


def _stated(rng: Rng, axis: int, rank: int) -> int:
    return axis - rank if chance(rng, 0.3) else axis


def split_v(rng: Rng, dtype: str = "int8") -> Graph:
    """1 to 6 parts of any sizes along any axis, one of them sometimes stated as the rest."""
    shape = list(_shape(rng, 1, 5, 5))
    axis = int(rng.integers(len(shape)))
    sizes = [int(n) for n in rng.integers(1, 5, size=int(rng.integers(1, 7)))]
    shape[axis] = sum(sizes)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("SPLIT_V")
    operator.input(tuple(shape), same, dtype)
    stated = list(sizes)
    if chance(rng, 0.3):
        stated[int(rng.integers(len(stated)))] = -1
    operator.constant("sizes", np.array(stated, np.int32))
    operator.constant("axis", np.array(_stated(rng, axis, len(shape)), np.int32))
    outputs = [((*shape[:axis], size, *shape[axis + 1 :]), same) for size in sizes]
    return operator.graph(*outputs, options={"num_splits": len(sizes)}, version=2, dtype=dtype)


def pack(rng: Rng, dtype: str = "int8") -> Graph:
    """1 to 14 tensors along any new axis, some of them constant."""
    shape = _shape(rng, 0, 4, 5)
    parts = int(pick(rng, 1, 2, 2, 3, 4, 10, 14))
    axis = int(rng.integers(len(shape) + 1))
    same = quantization_of(rng, dtype)
    operator = SingleOperator("PACK")
    kept = int(rng.integers(parts))
    for part in range(parts):
        if part != kept and chance(rng, 0.2):
            values = np.array(rng.integers(-128, 128, size=shape))
            operator.constant(f"part{part}", values.astype(dtype), same)
        else:
            operator.input(shape, same, dtype)
    result = (*shape[:axis], parts, *shape[axis:])
    options: dict[str, OptionValue] = {
        "values_count": parts,
        "axis": _stated(rng, axis, len(shape) + 1),
    }
    return operator.graph((result, same), options=options, version=2, dtype=dtype)


def unpack(rng: Rng, dtype: str = "int8") -> Graph:
    """Every slice along any axis."""
    shape = _shape(rng, 1, 5, 5)
    axis = int(rng.integers(len(shape)))
    same = quantization_of(rng, dtype)
    operator = SingleOperator("UNPACK")
    operator.input(shape, same, dtype)
    piece = (*shape[:axis], *shape[axis + 1 :])
    options: dict[str, OptionValue] = {
        "num": shape[axis],
        "axis": _stated(rng, axis, len(shape)),
    }
    return operator.graph(*[(piece, same)] * shape[axis], options=options, version=2, dtype=dtype)


def slice_(rng: Rng, dtype: str = "int8") -> Graph:
    """Ranks 1 to 5, sizes stated or the rest."""
    shape = _shape(rng, 1, 5, 7)
    begin = [int(rng.integers(0, n)) for n in shape]
    size = [int(rng.integers(1, n - b + 1)) for n, b in zip(shape, begin, strict=True)]
    rest = [chance(rng, 0.3) for _ in shape]
    result = [n - b if r else s for n, b, s, r in zip(shape, begin, size, rest, strict=True)]
    stated = [-1 if r else s for s, r in zip(size, rest, strict=True)]
    same = quantization_of(rng, dtype)
    numbers = pick(rng, np.int32, np.int64)
    operator = SingleOperator("SLICE")
    operator.input(shape, same, dtype)
    if chance(rng, 0.3):
        # Where it begins is computed: of a size of -1 only a whole dimension is left.
        stated = [-1 if n == s and r else s for n, s, r in zip(shape, size, rest, strict=True)]
        result = size
        operator.input((len(shape),), None, np.dtype(numbers).name)
    else:
        operator.constant("begin", np.array(begin, numbers))
    operator.constant("size", np.array(stated, numbers))
    return operator.graph((tuple(result), same), version=2, dtype=dtype)


def reverse_v2(rng: Rng, dtype: str = "int8") -> Graph:
    """Ranks 1 to 5, neighbouring axes in any order."""
    shape = _shape(rng, 1, 5, 6)
    first = int(rng.integers(len(shape)))
    axes = list(range(first, int(rng.integers(first + 1, len(shape) + 1))))
    rng.shuffle(axes)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("REVERSE_V2")
    operator.input(shape, same, dtype)
    stated = [_stated(rng, axis, len(shape)) for axis in axes]
    operator.constant("axes", np.array(stated, np.int32))
    return operator.graph((shape, same), version=2, dtype=dtype)


def broadcast_to(rng: Rng, dtype: str = "int8") -> Graph:
    """To 1 to 5 dimensions, of which the input has some, and repeats some."""
    result = _shape(rng, 1, 5, 5)
    rank = int(rng.integers(0, len(result) + 1))
    shape = tuple(1 if chance(rng, 0.4) else n for n in result[len(result) - rank :])
    same = quantization_of(rng, dtype)
    operator = SingleOperator("BROADCAST_TO")
    operator.input(shape, same, dtype)
    operator.constant("shape", np.array(result, pick(rng, np.int32, np.int64)))
    return operator.graph((result, same), version=2, dtype=dtype)


def tile(rng: Rng, dtype: str = "int8") -> Graph:
    """Ranks 1 to 4, two dimensions repeated at most."""
    shape = _shape(rng, 1, 4, 5)
    times = [1] * len(shape)
    for _ in range(2):
        times[int(rng.integers(len(shape)))] = int(rng.integers(1, 4))
    result = tuple(n * t for n, t in zip(shape, times, strict=True))
    same = quantization_of(rng, dtype)
    operator = SingleOperator("TILE")
    operator.input(shape, same, dtype)
    operator.constant("multiples", np.array(times, pick(rng, np.int32, np.int64)))
    return operator.graph((result, same), dtype=dtype)


def select(rng: Rng, dtype: str = "int8") -> Graph:
    """One decision for each element, for each row or for all."""
    shape = _shape(rng, 2, 4, 5)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("SELECT")
    operator.input(pick(rng, shape, shape[:1], ()), None, "bool")
    operator.input(shape, same, dtype)
    operator.input(shape, same, dtype)
    return operator.graph((shape, same), dtype=dtype)


def _indices(rng: Rng, operator: SingleOperator, values: npt.NDArray[np.int32]) -> None:
    """Constant indices, or as many that are a model input."""
    if chance(rng, 0.5):
        operator.constant("indices", values)
    else:
        operator.input(values.shape, None, "int32")


# Of these tflite-micro gathers; our own reference does without batch dimensions.
_BATCHED = ("int8", "float32")


def gather(rng: Rng, dtype: str = "int8") -> Graph:
    """Indices of 0 to 3 dimensions along any axis, without batch dimensions or with some."""
    shape = _shape(rng, 1, 5, 6)
    axis = int(rng.integers(len(shape)))
    batch = int(rng.integers(axis + 1)) if chance(rng, 0.3) and dtype in _BATCHED else 0
    indices = (*shape[:batch], *_shape(rng, 0, 2, 4))
    same = quantization_of(rng, dtype)
    operator = SingleOperator("GATHER")
    operator.input(shape, same, dtype)
    values = np.array(rng.integers(0, shape[axis], size=indices), np.int32)
    _indices(rng, operator, values)
    result = (*shape[:axis], *indices[batch:], *shape[axis + 1 :])
    options: dict[str, OptionValue] = {
        "axis": _stated(rng, axis, len(shape)),
        "batch_dims": batch,
    }
    return operator.graph((result, same), options=options, version=2, dtype=dtype)


def gather_nd(rng: Rng, dtype: str = "int8") -> Graph:
    """Blocks and single elements, indices of 1 to 3 dimensions."""
    shape = _shape(rng, 1, 5, 6)
    depth = int(rng.integers(1, len(shape) + 1))
    many = _shape(rng, 0, 2, 4)
    values = rng.integers(0, shape[:depth], size=(*many, depth)).astype(np.int32)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("GATHER_ND")
    operator.input(shape, same, dtype)
    _indices(rng, operator, values)
    return operator.graph(((*many, *shape[depth:]), same), version=2, dtype=dtype)


def embedding_lookup(rng: Rng, dtype: str = "int8") -> Graph:
    """Rows of tables of 2 to 4 dimensions."""
    table = _shape(rng, 2, 4, 6)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("EMBEDDING_LOOKUP")
    count = int(rng.integers(1, 6))
    _indices(rng, operator, rng.integers(0, table[0], size=count).astype(np.int32))
    if operator.tensors[0].data is None and chance(rng, 0.5):
        operator.constant("table", rng.integers(-128, 128, size=table).astype(dtype), same)
    else:
        operator.input(table, same, dtype)
    return operator.graph(((count, *table[1:]), same), dtype=dtype)


def embedding_lookup_real(rng: Rng) -> Graph:
    """Rows of int8 tables as real numbers."""
    table = _shape(rng, 2, 4, 6)
    operator = SingleOperator("EMBEDDING_LOOKUP")
    count = int(rng.integers(1, 6))
    _indices(rng, operator, rng.integers(0, table[0], size=count).astype(np.int32))
    scale = Quantization((log_uniform(rng, 1e-4, 1.0),), (0,))
    if operator.tensors[0].data is None and chance(rng, 0.7):
        operator.constant("table", rng.integers(-128, 128, size=table).astype(np.int8), scale)
    else:
        operator.input(table, scale)
    return operator.graph(((count, *table[1:]), None), dtype="float32", version=2)


def dynamic_update_slice(rng: Rng, dtype: str = "int8") -> Graph:
    """Starts inside and outside, constant or not, of either integer type."""
    shape = _shape(rng, 1, 5, 6)
    update = tuple(int(rng.integers(1, n + 1)) for n in shape)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("DYNAMIC_UPDATE_SLICE")
    operator.input(shape, same, dtype)
    operator.input(update, same, dtype)
    starts = np.array([int(rng.integers(-2, n + 2)) for n in shape], pick(rng, np.int32, np.int64))
    if chance(rng, 0.5):
        operator.constant("starts", starts)
    else:
        operator.input(starts.shape, None, starts.dtype.name)
    return operator.graph((shape, same), dtype=dtype)


def select_v2(rng: Rng, dtype: str = "int8") -> Graph:
    """Condition and inputs of one shape, or some repeated, some constant."""
    result = _shape(rng, 1, 5, 5)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("SELECT_V2")
    alike = chance(rng, 0.3)
    whole = int(rng.integers(3))
    for position in range(3):
        own = result
        if position != whole and not alike:
            own = tuple(1 if chance(rng, 0.3) else n for n in result[int(rng.integers(2)) :])
        if position == 0:
            operator.input(own, None, "bool")
        elif chance(rng, 0.3):
            operator.constant(f"x{position}", rng.integers(-128, 128, size=own).astype(dtype), same)
        else:
            operator.input(own, same, dtype)
    return operator.graph((result, same), dtype=dtype)


def fill(rng: Rng, dtype: str = "int8") -> Graph:
    """A value that is an input or a constant, 1 to 5 dimensions."""
    result = _shape(rng, 1, 5, 5)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("FILL")
    operator.constant("dimensions", np.array(result, pick(rng, np.int32, np.int64)))
    operator.input((), same, dtype)
    return operator.graph((result, same), dtype=dtype)


def zeros_like(rng: Rng, dtype: str = "int8") -> Graph:
    """1 to 5 dimensions."""
    shape = _shape(rng, 1, 5, 5)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("ZEROS_LIKE")
    operator.input(shape, same, dtype)
    return operator.graph((shape, same), dtype=dtype)


def shape(rng: Rng, dtype: str = "int8") -> Graph:
    """1 to 5 dimensions."""
    own = _shape(rng, 1, 5, 5)
    operator = SingleOperator("SHAPE")
    operator.input(own, quantization_of(rng, dtype), dtype)
    options: dict[str, OptionValue] = {"out_type": "INT32"}
    return operator.graph(((len(own),), None), options=options, dtype="int32")


def broadcast_args(rng: Rng, dtype: str = "int32") -> Graph:
    """Two shapes of 1 to 5 dimensions, one of them sometimes constant."""
    result = _shape(rng, 1, 5, 6)
    operator = SingleOperator("BROADCAST_ARGS")
    short = int(rng.integers(len(result)))
    lists = [result, tuple(1 if chance(rng, 0.5) else n for n in result[short:])]
    if chance(rng, 0.5):
        lists.reverse()
    fixed = int(rng.integers(2))
    for position, values in enumerate(lists):
        if position == fixed:
            # Ones, so that the other list may hold anything.
            operator.constant("shape", np.ones(len(values), dtype))
        else:
            operator.input((len(values),), None, dtype)
    return operator.graph(((len(result),), None), dtype=dtype)
