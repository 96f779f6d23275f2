"""The walk that kernels make must visit what the plain nest of loops visits."""

import itertools
from math import prod

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qmcu.compile.operators import walk

shapes = st.lists(st.integers(1, 4), min_size=0, max_size=5).map(tuple)


def visited(shape: tuple[int, ...], strides: tuple[int, ...]) -> list[int]:
    return [
        sum(i * s for i, s in zip(at, strides, strict=True))
        for at in itertools.product(*(range(n) for n in shape))
    ]


@given(shapes, st.data())
def test_fused_walk_visits_the_same_elements_in_the_same_order(
    shape: tuple[int, ...], data: st.DataObject
) -> None:
    steps = st.tuples(*(st.integers(-3, 12) for _ in shape))
    first, second = data.draw(steps), data.draw(steps)
    fused, strides = walk.fused(shape, first, second)
    assert len(fused) == walk.RANK and all(len(s) == walk.RANK for s in strides)
    assert visited(fused, strides[0]) == visited(shape, first)
    assert visited(fused, strides[1]) == visited(shape, second)


@given(shapes)
def test_dense_walk_is_one_row(shape: tuple[int, ...]) -> None:
    fused, (strides,) = walk.fused(shape, walk.dense_strides(shape))
    assert fused == (1, 1, 1, 1, prod(shape))
    assert prod(shape) == 1 or strides[-1] == 1


@given(shapes, st.data())
def test_broadcast_strides_repeat_as_numpy_does(
    output: tuple[int, ...], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(output)))
    shape = tuple(data.draw(st.sampled_from([1, n])) for n in output[cut:])
    numbers = np.arange(prod(shape)).reshape(shape)
    expected = np.broadcast_to(numbers, output).reshape(-1).tolist()
    assert visited(output, walk.broadcast_strides(shape, output)) == expected
