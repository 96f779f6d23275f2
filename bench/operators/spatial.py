"""Random graphs of the operators that move or mix pixels of images."""

import numpy as np
from bench.operators.single import SingleOperator, chance, pick, quantization_of

from qmcu.model.graph import Graph, OptionValue

Rng = np.random.Generator


def _sizes(rng: Rng, *ends: int) -> list[int]:
    return [int(n) for n in rng.integers(1, ends)]


def depth_to_space(rng: Rng, dtype: str = "int8") -> Graph:
    """Blocks of 1 to 4, any batches."""
    batches, height, width, depth = _sizes(rng, 3, 6, 6, 5)
    block = int(rng.integers(1, 5))
    same = quantization_of(rng, dtype)
    operator = SingleOperator("DEPTH_TO_SPACE")
    operator.input((batches, height, width, depth * block * block), same, dtype)
    result = (batches, height * block, width * block, depth)
    return operator.graph((result, same), options={"block_size": block}, version=2, dtype=dtype)


def space_to_depth(rng: Rng, dtype: str = "int8") -> Graph:
    """Blocks of 1 to 4, any batches."""
    batches, height, width, depth = _sizes(rng, 3, 6, 6, 5)
    block = int(rng.integers(1, 5))
    same = quantization_of(rng, dtype)
    operator = SingleOperator("SPACE_TO_DEPTH")
    operator.input((batches, height * block, width * block, depth), same, dtype)
    result = (batches, height, width, depth * block * block)
    return operator.graph((result, same), options={"block_size": block}, version=2, dtype=dtype)


def space_to_batch_nd(rng: Rng, dtype: str = "int8") -> Graph:
    """Three and four dimensions, with and without padding."""
    spatial = int(pick(rng, 1, 2, 2))
    batches, depth = _sizes(rng, 4, 5)
    output = _sizes(rng, *[6] * spatial)
    block = _sizes(rng, *[4] * spatial)
    lengths = [size * factor for size, factor in zip(output, block, strict=True)]
    paddings = np.zeros((spatial, 2), np.int32)
    for axis, whole in enumerate(lengths):
        if chance(rng, 0.5):
            paddings[axis, 0] = rng.integers(0, whole)
            paddings[axis, 1] = rng.integers(0, whole - paddings[axis, 0])
            lengths[axis] -= int(paddings[axis].sum())
    same = quantization_of(rng, dtype)
    operator = SingleOperator("SPACE_TO_BATCH_ND")
    operator.input((batches, *lengths, depth), same, dtype)
    operator.constant("block", np.array(block, np.int32))
    operator.constant("paddings", paddings)
    result = (batches * int(np.prod(block)), *output, depth)
    return operator.graph((result, same), version=2, dtype=dtype)


def batch_to_space_nd(rng: Rng, dtype: str = "int8") -> Graph:
    """Three and four dimensions, crops on every side."""
    spatial = int(pick(rng, 1, 2, 2))
    batches, depth = _sizes(rng, 4, 5)
    lengths = _sizes(rng, *[6] * spatial)
    block = _sizes(rng, *[4] * spatial)
    edges = []
    output = []
    for size, factor in zip(lengths, block, strict=True):
        total = int(rng.integers(0, size * factor)) if chance(rng, 0.7) else 0
        before = int(rng.integers(0, total + 1))
        edges.append([before, total - before])
        output.append(size * factor - total)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("BATCH_TO_SPACE_ND")
    operator.input((batches * int(np.prod(block)), *lengths, depth), same, dtype)
    operator.constant("block", np.array(block, np.int32))
    operator.constant("crops", np.array(edges, np.int32))
    return operator.graph(((batches, *output, depth), same), version=2, dtype=dtype)


def resize_bilinear(rng: Rng, dtype: str = "int8") -> Graph:
    """Larger and smaller, with aligned corners, half-pixel centers and neither."""
    batches, height, width, depth = _sizes(rng, 3, 12, 12, 6)
    size = _sizes(rng, 30, 30)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("RESIZE_BILINEAR")
    operator.input((batches, height, width, depth), same, dtype)
    operator.constant("size", np.array(size, np.int32))
    corners, centers = pick(rng, (False, False), (True, False), (False, True))
    options: dict[str, OptionValue] = {"align_corners": corners, "half_pixel_centers": centers}
    return operator.graph(((batches, *size, depth), same), options=options, version=3, dtype=dtype)


def mirror_pad(rng: Rng, dtype: str = "int8") -> Graph:
    """Ranks 1 to 5, reflected and symmetric, as far as the input reaches and beyond at the end."""
    shape = tuple(_sizes(rng, *[6] * int(rng.integers(1, 6))))
    mode = str(pick(rng, "REFLECT", "SYMMETRIC"))
    density = pick(rng, 0.3, 0.6, 1.0)
    paddings = []
    for length in shape:
        most = length - (mode == "REFLECT")
        padded = chance(rng, density)
        before = int(rng.integers(0, most + 1)) if padded else 0
        beyond = dtype in ("int8", "float32") and chance(rng, 0.1)
        after = int(rng.integers(0, most + 1 + beyond)) if padded else 0
        paddings.append([before, after])
    result = tuple(n + before + after for n, (before, after) in zip(shape, paddings, strict=True))
    same = quantization_of(rng, dtype)
    operator = SingleOperator("MIRROR_PAD")
    operator.input(shape, same, dtype)
    operator.constant("paddings", np.array(paddings, pick(rng, np.int32, np.int64)))
    return operator.graph((result, same), options={"mode": mode}, version=2, dtype=dtype)
