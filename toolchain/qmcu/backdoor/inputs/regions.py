"""Patches of an input where a trigger may lie: they cover it, and are searched one by one."""

import itertools
import math

import numpy as np

from qmcu.backdoor.inputs.joined import JoinedShape
from qmcu.types import Float32Array


def regions(shape: tuple[int, ...]) -> Float32Array:
    """Masks of the regions that cover inputs of `shape`: float32 [R, *shape], 0 or 1.

    The last axis of an input with two or more is its channels, which a region takes whole; each
    other axis is cut in four, or in pieces of three when it is short. An image gives 16 regions.
    Of several inputs each has its own regions.
    """
    if isinstance(shape, JoinedShape):
        return shape.embed([regions(part) for part in shape.parts])
    axes = shape if len(shape) == 1 else shape[:-1]
    cuts = []
    for length in axes:
        size = max(math.ceil(length / 4), min(3, length))
        count = math.ceil(length / size)
        begins = np.linspace(0, length - size, count).round().astype(int)
        cuts.append([slice(int(b), int(b) + size) for b in begins])
    masks = np.zeros((math.prod(map(len, cuts)), *shape), np.float32)
    for mask, place in zip(masks, itertools.product(*cuts), strict=True):
        mask[place] = 1
    return masks
