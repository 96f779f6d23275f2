"""Random AVERAGE_POOL_2D, MAX_POOL_2D, MEAN and SOFTMAX graphs."""

import numpy as np
from bench.operators.single import (
    SingleOperator,
    chance,
    float32,
    fused_activation,
    log_uniform,
    pick,
    quantization,
    quantization_of,
    zero_point,
)

from qmcu.model.graph import Graph, OptionValue, Quantization

Rng = np.random.Generator


def average_pool_2d(rng: Rng, dtype: str = "int8") -> Graph:
    """Windows over the padding, strides larger than the window, the whole image as one window."""
    return _pool(rng, "AVERAGE_POOL_2D", dtype)


def max_pool_2d(rng: Rng, dtype: str = "int8") -> Graph:
    """Windows over the padding, strides larger than the window, the whole image as one window."""
    return _pool(rng, "MAX_POOL_2D", dtype)


def _pool(rng: Rng, kind: str, dtype: str) -> Graph:
    height, width = (int(n) for n in rng.integers(1, 12, size=2))
    padding = str(pick(rng, "SAME", "VALID"))
    kernel = [int(n) for n in rng.integers(1, 7, size=2)]
    if chance(rng, 0.15):
        kernel = [height, width]
    if padding == "VALID":
        kernel = [min(kernel[0], height), min(kernel[1], width)]
    stride = [int(n) for n in rng.integers(1, 8, size=2)]
    output = [
        -(-(size if padding == "SAME" else size - k + 1) // s)
        for size, k, s in zip((height, width), kernel, stride, strict=True)
    ]
    batches, depth = int(pick(rng, 1, 1, 2)), int(rng.integers(1, 10))
    same = quantization(rng, 1e-3, 0.5, dtype)
    operator = SingleOperator(kind)
    operator.input((batches, height, width, depth), same, dtype)
    options: dict[str, OptionValue] = {
        "padding": padding,
        "stride_h": stride[0],
        "stride_w": stride[1],
        "filter_height": kernel[0],
        "filter_width": kernel[1],
        "fused_activation_function": fused_activation(rng),
    }
    return operator.graph(
        ((batches, *output, depth), same), options=options, version=2, dtype=dtype
    )


def mean(rng: Rng, dtype: str = "int8") -> Graph:
    """Any rank to 4 and at times to 7, any axes (also negative and repeated), keep_dims or not."""
    rank = int(pick(rng, 1, 2, 3, 4, 4))
    deep = chance(rng, 0.35)
    if deep:
        rank = int(rng.integers(5, 8))
    longest = (2, 4) if deep and chance(rng, 0.7) else (1, 4 if deep else 10)
    shape = tuple(int(n) for n in rng.integers(*longest, size=rank))
    # The interpreter has room for four axes of real numbers.
    most = min(rank, 4) if dtype == "float32" else rank
    axes = sorted(
        int(a) for a in rng.choice(rank, size=int(rng.integers(1, most + 1)), replace=False)
    )
    if deep and chance(rng, 0.6):
        axes = list(range(int(rng.integers(2)), rank, 2))
    keep = chance(rng, 0.5)
    result = tuple(1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes)
    stated = [a - rank if chance(rng, 0.3) else a for a in axes]
    if chance(rng, 0.2) and (dtype != "float32" or len(stated) < 4):
        stated.append(stated[0])
    rng.shuffle(stated)
    source = None if dtype == "int32" else quantization_of(rng, dtype)
    count = float(np.prod([shape[a] for a in axes]))
    # The means of random inputs lie close together: a finer output scale tells them apart.
    fine = log_uniform(rng, 0.3, 3) / np.sqrt(count)
    factor = pick(rng, fine, fine, 1.0, log_uniform(rng, 1e-4, 1e4))
    target = None
    if source is not None:
        target = Quantization((float32(source.scale * factor),), (zero_point(rng, dtype),))
    operator = SingleOperator("MEAN")
    operator.input(shape, source, dtype)
    operator.constant("axes", np.array(stated, np.int32))
    return operator.graph((result, target), options={"keep_dims": keep}, version=2, dtype=dtype)


def softmax(rng: Rng, dtype: str = "int8") -> Graph:
    """Any rank from 1 to 4, output of `dtype`; from nearly uniform to one-hot; several betas.

    At most 511 classes: the reference aborts when the exponentials add up to 512.
    """
    rank = int(rng.integers(1, 5))
    shape = [int(n) for n in rng.integers(1, 5, size=rank)]
    shape[-1] = int(pick(rng, 1, 2, 10, rng.integers(1, 40), rng.integers(1, 512)))
    beta = float(pick(rng, 1.0, 1.0, 1.0, 0.5, log_uniform(rng, 0.01, 10)))
    operator = SingleOperator("SOFTMAX")
    operator.input(tuple(shape), quantization(rng, 1e-4, float(pick(rng, 1.0, 1.0, 50.0))))
    half = {"int8": 128, "int16": 2**15}[dtype]
    target = Quantization((1 / (2 * half),), (-half,))
    return operator.graph((tuple(shape), target), options={"beta": beta}, version=2, dtype=dtype)


def log_softmax(rng: Rng) -> Graph:
    """Any rank from 1 to 4; scales from nearly uniform to one-hot outputs."""
    shape = [int(n) for n in rng.integers(1, 5, size=int(rng.integers(1, 5)))]
    shape[-1] = int(pick(rng, 1, 2, 10, rng.integers(1, 40), rng.integers(1, 512)))
    operator = SingleOperator("LOG_SOFTMAX")
    scale = float(pick(rng, 1.0, 1.0, 15.0))
    operator.input(tuple(shape), quantization(rng, 1e-4, scale))
    return operator.graph((tuple(shape), Quantization((1 / 16,), (127,))))
