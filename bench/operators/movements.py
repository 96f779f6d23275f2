"""Random graphs of the operators that move bytes: padding, joining, cutting, transposing."""

import numpy as np
from bench.operators.single import SingleOperator, chance, pick, quantization_of

from qmcu.model.graph import Graph, OptionValue

Rng = np.random.Generator
Shape = tuple[int, ...]


def pad(rng: Rng, dtype: str = "int8") -> Graph:
    """Any rank from 1 to 5, some dimensions padded, all or none."""
    return _pad(rng, "PAD", dtype)


def padv2(rng: Rng, dtype: str = "int8") -> Graph:
    """As PAD, with any value."""
    return _pad(rng, "PADV2", dtype)


def concatenation(rng: Rng, dtype: str = "int8") -> Graph:
    """1 to 10 parts along any axis, some of them constant."""
    parts = int(pick(rng, 1, 2, 2, 3, 4, 10))
    shape = _shape(rng, 1, 5, 5)
    axis = int(rng.integers(len(shape)))
    same = quantization_of(rng, dtype)
    operator = SingleOperator("CONCATENATION")
    constant = [chance(rng, 0.2) for _ in range(parts)]
    constant[int(rng.integers(parts))] = False
    total = 0
    for part in range(parts):
        length = int(rng.integers(1, 6))
        total += length
        own = (*shape[:axis], length, *shape[axis + 1 :])
        if constant[part]:
            values = rng.integers(-128, 128, size=own).astype(dtype)
            operator.constant(f"part{part}", values, same)
        else:
            operator.input(own, same, dtype)
    result = (*shape[:axis], total, *shape[axis + 1 :])
    options: dict[str, OptionValue] = {
        "axis": axis - len(shape) if chance(rng, 0.3) else axis,
        "fused_activation_function": "NONE",
    }
    return operator.graph((result, same), options=options, version=2, dtype=dtype)


def split(rng: Rng, dtype: str = "int8") -> Graph:
    """1 to 6 parts along any axis."""
    parts = int(rng.integers(1, 7))
    shape = list(_shape(rng, 1, 5, 5))
    axis = int(rng.integers(len(shape)))
    piece = tuple(shape)
    shape[axis] *= parts
    same = quantization_of(rng, dtype)
    operator = SingleOperator("SPLIT")
    stated = axis - len(shape) if chance(rng, 0.3) else axis
    operator.constant("axis", np.array(pick(rng, stated, [stated]), np.int32))
    operator.input(tuple(shape), same, dtype)
    outputs = [(piece, same)] * parts
    return operator.graph(*outputs, options={"num_splits": parts}, version=2, dtype=dtype)


def strided_slice(rng: Rng, dtype: str = "int8") -> Graph:
    """Strides of either sign, indices inside and outside, all three masks."""
    while True:
        graph = _strided_slice(rng, dtype)
        if graph is not None:
            return graph


def transpose(rng: Rng, dtype: str = "int8") -> Graph:
    """Any permutation of 1 to 5 dimensions."""
    shape = _shape(rng, 1, 6, 6)
    permutation = [int(axis) for axis in rng.permutation(len(shape))]
    same = quantization_of(rng, dtype)
    operator = SingleOperator("TRANSPOSE")
    operator.input(shape, same, dtype)
    operator.constant("permutation", np.array(permutation, np.int32))
    return operator.graph(
        (tuple(shape[axis] for axis in permutation), same), version=2, dtype=dtype
    )


def resize_nearest_neighbor(rng: Rng, dtype: str = "int8") -> Graph:
    """Larger and smaller, with aligned corners, half-pixel centers, neither and both."""
    batches, height, width, depth = (int(n) for n in rng.integers(1, (3, 12, 12, 6)))
    size = tuple(int(n) for n in rng.integers(1, 30, size=2))
    same = quantization_of(rng, dtype)
    operator = SingleOperator("RESIZE_NEAREST_NEIGHBOR")
    operator.input((batches, height, width, depth), same, dtype)
    operator.constant("size", np.array(size, np.int32))
    options: dict[str, OptionValue] = {
        "align_corners": chance(rng, 0.5),
        "half_pixel_centers": chance(rng, 0.5),
    }
    return operator.graph(((batches, *size, depth), same), options=options, version=3, dtype=dtype)


def _shape(rng: Rng, low: int, end: int, longest: int) -> Shape:
    rank = int(rng.integers(low, end))
    return tuple(int(n) for n in rng.integers(1, longest + 1, size=rank))


def _pad(rng: Rng, kind: str, dtype: str) -> Graph:
    shape = _shape(rng, 1, 6, 4)
    density = pick(rng, 0.0, 0.5, 0.5, 1.0)
    paddings = [
        [int(n) for n in rng.integers(0, 4, size=2)] if chance(rng, density) else [0, 0]
        for _ in shape
    ]
    result = tuple(n + before + after for n, (before, after) in zip(shape, paddings, strict=True))
    same = quantization_of(rng, dtype)
    operator = SingleOperator(kind)
    operator.input(shape, same, dtype)
    operator.constant("paddings", np.array(paddings, np.int32))
    if kind == "PADV2":
        value = np.array(rng.integers(-128, 128, size=pick(rng, (), (1,))), dtype)
        if dtype != "int8" and chance(rng, 0.3):
            operator.input(value.shape, same, dtype)
        else:
            operator.constant("value", value, same)
    return operator.graph((result, same), version=2, dtype=dtype)


def _strided_slice(rng: Rng, dtype: str) -> Graph | None:
    """A random slice, or None when it is empty or shrinks a dimension backwards."""
    shape = _shape(rng, 1, 6, 8)
    begin = [int(rng.integers(-n - 2, n + 2)) for n in shape]
    end = [int(rng.integers(-n - 2, n + 2)) for n in shape]
    strides = [int(pick(rng, 1, 1, 1, 2, 3, -1, -2)) for _ in shape]
    if len(shape) == 5:
        strides = [abs(step) for step in strides]
    masks = [int(rng.integers(1 << len(shape))) for _ in range(2)]
    shrink = int(rng.integers(1 << len(shape))) if chance(rng, 0.4) else 0
    result = []
    for axis, length in enumerate(shape):
        bit = 1 << axis
        first = None if masks[0] & bit else begin[axis]
        if shrink & bit:
            if strides[axis] < 0 or (first is not None and not -length <= first < length):
                return None
            continue
        last = None if masks[1] & bit else end[axis]
        result.append(len(range(length)[slice(first, last, strides[axis])]))
    if 0 in result:
        return None
    same = quantization_of(rng, dtype)
    operator = SingleOperator("STRIDED_SLICE")
    operator.input(shape, same, dtype)
    for name, values in (("begin", begin), ("end", end), ("strides", strides)):
        operator.constant(name, np.array(values, np.int32))
    options: dict[str, OptionValue] = {
        "begin_mask": masks[0],
        "end_mask": masks[1],
        "ellipsis_mask": 0,
        "new_axis_mask": 0,
        "shrink_axis_mask": shrink,
    }
    return operator.graph((tuple(result), same), options=options, version=2, dtype=dtype)
