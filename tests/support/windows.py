"""Random convolutions for kernels that differ by the number of filters."""

import numpy as np
from bench.operators.everyday import _windows

from qmcu.compile.operators.window import axis
from qmcu.model.graph import Graph


def convolution_of(rng: np.random.Generator, filters: int, *, short: bool = False) -> Graph:
    """So many filters over windows of up to 3x3; a third of them 1x1, a third one vector if
    `short`."""
    kernel = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    depth, stride = int(rng.integers(1, 33)), int(rng.integers(1, 3))
    size = (int(rng.integers(3, 9)), int(rng.integers(3, 14)))
    padding = str(rng.choice(["SAME", "VALID"]))
    form = rng.integers(3)
    if form == 0 and short:
        depth = int(rng.integers(1, 1 + 16 // (kernel[0] * kernel[1])))
    if form == 1:
        kernel, stride = (1, 1), 1
    height, width = (axis(padding, size[i], kernel[i], stride).output for i in range(2))
    return _windows(
        rng, "CONV_2D", (depth, size), (filters, (height, width)), kernel, (stride, stride), (1, 1),
        padding,
    )  # fmt: skip
