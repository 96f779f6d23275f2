"""Shapes and strides for the kernels that walk over rows (firmware/kernels/portable/walk.h)."""

from collections.abc import Sequence

import numpy as np

RANK = 5


def dense_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides, in elements, of a tensor stored row by row."""
    strides = [1] * len(shape)
    for d in range(len(shape) - 2, -1, -1):
        strides[d] = strides[d + 1] * shape[d + 1]
    return tuple(strides)


def broadcast_strides(shape: Sequence[int], output_shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of an operand of `shape` in `output_shape`: 0 along repeated dimensions."""
    missing = len(output_shape) - len(shape)
    dense = dense_strides(shape)
    own = [0 if shape[d] == 1 else dense[d] for d in range(len(shape))]
    return (0,) * missing + tuple(own)


def turns(output: Sequence[int], *shapes: Sequence[int]) -> int:
    """How many dimensions a walk over operands of these shapes has, repeated to `output`'s.

    0 where they do not broadcast.
    """
    try:
        if np.broadcast_shapes(*map(tuple, shapes)) != tuple(output):
            return 0
    except ValueError:
        return 0
    return rank(output, *(broadcast_strides(shape, output) for shape in shapes))


def rank(shape: Sequence[int], *operands: Sequence[int]) -> int:
    """How many dimensions the walk has that `fused` makes of this one."""
    return len(_runs(shape, operands)[0])


def fused(
    shape: Sequence[int], *operands: Sequence[int]
) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """The same walk with as few dimensions as possible, filled up in front to RANK.

    `operands` are the strides of each operand along `shape`. Returns the shape and the strides.
    Dimensions of length 1 vanish; neighbours that every operand walks evenly become one.
    """
    lengths, steps = _runs(shape, operands)
    missing = RANK - len(lengths)
    strides = tuple((0,) * missing + tuple(step) for step in steps)
    return (1,) * missing + tuple(lengths), strides


def _runs(
    shape: Sequence[int], operands: Sequence[Sequence[int]]
) -> tuple[list[int], list[list[int]]]:
    """The lengths of the walk's dimensions and each operand's strides along them."""
    lengths: list[int] = []
    steps: list[list[int]] = [[] for _ in operands]
    for d in reversed(range(len(shape))):
        if shape[d] == 1:
            continue
        even = lengths and all(
            operand[d] == step[0] * lengths[0]
            for operand, step in zip(operands, steps, strict=True)
        )
        if even:
            lengths[0] *= shape[d]
            continue
        lengths.insert(0, shape[d])
        for operand, step in zip(operands, steps, strict=True):
            step.insert(0, operand[d])
    return lengths, steps
