"""What operators give that put elements elsewhere: paddings, sums along an axis, scattered sums."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from qmcu.model.graph import Operator
from qmcu.types import Array


def _pairs(paddings: Array) -> list[tuple[int, int]]:
    found = [(int(a), int(b)) for a, b in paddings.reshape(-1, 2)]
    if any(a < 0 or b < 0 for a, b in found):
        raise ValueError("padding")
    return found


def pad(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    """Zeros around integers that are not quantized."""
    return [np.pad(inputs[0], _pairs(inputs[1]))]


def _mirror_pad(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    """As far as there is something to mirror."""
    source, pairs = inputs[0], _pairs(inputs[1])
    mode = "reflect" if operator.options.get("mode", "REFLECT") == "REFLECT" else "symmetric"
    for length, pair in zip(source.shape, pairs, strict=True):
        if max(pair) > length - (mode == "reflect"):
            raise ValueError("padding")
    options: dict[str, Any] = {"mode": mode}
    return [np.pad(source, pairs, **options)]


def cumsum(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    """Sums of integers along an axis, which wrap around."""
    axis = int(inputs[1].item())
    if not -inputs[0].ndim <= axis < inputs[0].ndim:
        raise ValueError("axis")
    source = np.moveaxis(inputs[0], axis, 0)
    backwards = bool(operator.options.get("reverse", False))
    source = source[::-1] if backwards else source
    sums = np.cumsum(source, axis=0, dtype=source.dtype)
    if operator.options.get("exclusive", False):
        sums = np.concatenate([np.zeros_like(sums[:1]), sums[:-1]])
    return [np.moveaxis(sums[::-1] if backwards else sums, 0, axis)]


def _scattered(indices: Array, updates: Array, shape: Sequence[int]) -> Sequence[Array]:
    """`updates` added at `indices` [..., depth], in their order; what lies outside is left out."""
    depth = indices.shape[-1]
    places = indices.reshape(-1, depth)
    slices = updates.reshape(len(places), *shape[depth:])
    inside = ((places >= 0) & (places < np.array(shape[:depth]))).all(axis=1)
    result = np.zeros(shape, updates.dtype)
    np.add.at(result, tuple(places[inside].T), slices[inside])
    return [result]


def _scatter_nd(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    indices, updates, shape = inputs
    return _scattered(indices, updates, [int(n) for n in shape.reshape(-1)])


def _segment_sum(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    """The number of segments follows from the last one, where it is no operand."""
    data, segments = inputs[:2]
    count = int(inputs[2].item() if len(inputs) > 2 else segments.reshape(-1)[-1] + 1)
    shape = (count, *data.shape[segments.ndim :])
    return _scattered(segments[..., np.newaxis], data, shape)


# Of elements of any type.
PLACING: Mapping[str, Callable[[Operator, Sequence[Array]], Sequence[Array]]] = {
    "MIRROR_PAD": _mirror_pad,
    "SCATTER_ND": _scatter_nd,
    "SEGMENT_SUM": _segment_sum,
    "UNSORTED_SEGMENT_SUM": _segment_sum,
}
