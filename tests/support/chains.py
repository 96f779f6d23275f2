"""Chains of convolutions of random weights."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor


def convolutions(
    size: tuple[int, int], depths: Sequence[int], kernel: tuple[int, int] = (3, 3), stride: int = 1
) -> Graph:
    """Convolutions one after the other, with same padding, of random weights."""
    rng = np.random.default_rng(5)
    grid = Quantization((0.02,), (-3,))
    tensors = [Tensor(0, "in", (1, *size, depths[0]), "int8", grid)]
    operators = []
    options: dict[str, OptionValue] = {
        "padding": "SAME", "stride_w": 1, "stride_h": stride, "dilation_w_factor": 1,
        "dilation_h_factor": 1, "fused_activation_function": "NONE",
    }  # fmt: skip
    for number, (depth, filters) in enumerate(pairwise(depths)):
        shape = (filters, *kernel, depth)
        weights = rng.integers(-127, 128, shape, np.int8)
        scale = 1.5 / (74 * 74 * weights[0].size ** 0.5)
        source = tensors[-1 if number == 0 else 2 * number]
        image = (1, -(-source.shape[1] // stride), source.shape[2], filters)
        w, out = len(tensors), len(tensors) + 1
        tensors.append(Tensor(w, f"w{w}", shape, "int8", Quantization((scale * 74,), (0,)),
                              weights.tobytes()))  # fmt: skip
        tensors.append(Tensor(out, f"t{out}", image, "int8", grid))
        operators.append(Operator(number, "CONV_2D", (source.index, w, -1), (out,), options))
    return Graph("chain", tuple(tensors), tuple(operators), (0,), (len(tensors) - 1,))
