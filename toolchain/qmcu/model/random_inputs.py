"""Random values for a model's inputs: of every type, within what their first reader takes.

Integers are uniform over their whole type where they are quantized. Real numbers lie in the range
that the first QUANTIZE covers and a bit outside, with zeros, ends of the range and ties between.
"""

from collections.abc import Callable

import numpy as np

from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.types import Array

Range = tuple[float, float]

# Of real numbers that nothing quantizes, and of integers that are no quantized ones.
_REAL: Range = (-8.0, 8.0)
_INTEGERS: Range = (-1000, 1000)
# Operators behind which the same values are read on.
_MOVES = (
    "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "PAD", "CONCATENATION", "PACK", "SELECT",
    "SELECT_V2", "TILE",
)  # fmt: skip
_OUTSIDE = 0.1
_SPECIAL_SHARE = 0.05


def random_array(generator: np.random.Generator, graph: Graph, tensor: Tensor, count: int) -> Array:
    """`count` rows of random values for a model input: [count, *shape] of the tensor's type."""
    shape, dtype = (count, *tensor.shape), np.dtype(tensor.dtype)
    if tensor.dtype == "bool":
        return generator.integers(0, 2, shape, dtype=np.int8).astype(np.bool_)
    limits = _limits(graph, tensor)
    if tensor.dtype == "float32":
        return _reals(generator, shape, limits, _quantization(graph, tensor))
    if limits is None:
        wide = tensor.quantization is not None or dtype.itemsize < 4
        info = np.iinfo(dtype)
        wide = wide or dtype.kind == "u"
        low, high = (info.min, info.max) if wide else (int(_INTEGERS[0]), int(_INTEGERS[1]))
    else:
        low, high = int(limits[0]), int(limits[1])
    return generator.integers(low, high + 1, shape, dtype=dtype)


def integer_range(graph: Graph, tensor: Tensor) -> tuple[int, int]:
    """The least and greatest value that a model input of integers takes."""
    info = np.iinfo(tensor.dtype)
    low, high = _limits(graph, tensor) or (info.min, info.max)
    return int(low), int(high)


def _readers(graph: Graph, tensor: Tensor) -> list[tuple[Operator, int]]:
    """Operators that read the tensor, and as which operand; also behind those that only move it."""
    found, pending, seen = [], [tensor.index], {tensor.index}
    while pending:
        index = pending.pop()
        for operator in graph.operators:
            for position, operand in enumerate(operator.inputs):
                if operand != index:
                    continue
                found.append((operator, position))
                if operator.kind in _MOVES and operator.outputs[0] not in seen:
                    seen.add(operator.outputs[0])
                    pending.append(operator.outputs[0])
    return found


def _indices(operand: int, of: int, axis: str | None) -> Callable[..., Range | None]:
    """The range of an operand that holds indices into dimension `axis` (an option) of another."""

    def limits(graph: Graph, operator: Operator, position: int) -> Range | None:
        if position != operand:
            return None
        option = operator.options.get(axis, 0) if axis else 0
        assert isinstance(option, int)
        return 0, graph.tensors[operator.inputs[of]].shape[option] - 1

    return limits


def _many_indices(graph: Graph, operator: Operator, position: int) -> Range | None:
    """Of GATHER_ND: what every one of its dimensions has."""
    if position != 1:
        return None
    source, indices = (graph.tensors[i] for i in operator.inputs)
    return 0, min(source.shape[: indices.shape[-1]], default=1) - 1


def _begins(graph: Graph, operator: Operator, position: int) -> Range | None:
    """Of SLICE: where a slice fits in every dimension."""
    if position != 1:
        return None
    source, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.outputs[0]]
    pairs = zip(source.shape, output.shape, strict=False)
    return 0, max(0, min((a - b for a, b in pairs), default=0))


def _above_zero(graph: Graph, operator: Operator, position: int) -> Range | None:
    return 1e-3, 100.0


def _places(graph: Graph, operator: Operator, position: int) -> Range | None:
    """Where slices go: what every one of the output's first dimensions has."""
    scatters = operator.kind == "SCATTER_ND"
    if position != (0 if scatters else 1):
        return None
    indices, output = (graph.tensors[i] for i in (operator.inputs[position], operator.outputs[0]))
    depth = indices.shape[-1] if scatters else 1
    return 0, min(output.shape[:depth], default=1) - 1


def _factor(graph: Graph, operator: Operator, position: int) -> Range | None:
    """Real numbers of which many have a product."""
    real = graph.tensors[operator.inputs[0]].dtype == "float32"
    return (-1.5, 1.5) if position == 0 and real else None


def _divisor(graph: Graph, operator: Operator, position: int) -> Range | None:
    return (1, 100) if position == 1 else None


# What a reader takes beyond the type of its operand: a range for (graph, operator, position).
_TAKES: dict[str, Callable[[Graph, Operator, int], Range | None]] = {
    "GATHER": _indices(1, 0, "axis"),
    "GATHER_ND": _many_indices,
    "EMBEDDING_LOOKUP": _indices(0, 1, None),
    "DIV": _divisor,
    "FLOOR_DIV": _divisor,
    "FLOOR_MOD": _divisor,
    "REDUCE_PROD": _factor,
    "SCATTER_ND": _places,
    "SLICE": _begins,
    "LOG": _above_zero,
    "RSQRT": _above_zero,
    "SQRT": _above_zero,
    "UNSORTED_SEGMENT_SUM": _places,
}


def _quantized_limits(graph: Graph, tensor: Tensor) -> Range | None:
    """What stands for zero and more, where a reader stops at negative numbers."""
    if not any(operator.kind == "RSQRT" for operator, _ in _readers(graph, tensor)):
        return None
    assert tensor.quantization is not None
    return tensor.quantization.zero_point, int(np.iinfo(tensor.dtype).max)


def _limits(graph: Graph, tensor: Tensor) -> Range | None:
    """The least and greatest value that every reader takes; None when only the type bounds it."""
    if tensor.quantization is not None and tensor.dtype != "float32":
        return _quantized_limits(graph, tensor)
    found = [
        limits
        for operator, position in _readers(graph, tensor)
        if operator.kind in _TAKES
        and (limits := _TAKES[operator.kind](graph, operator, position)) is not None
    ]
    if not found:
        return None
    return max(low for low, _ in found), min(high for _, high in found)


def _quantization(graph: Graph, tensor: Tensor) -> tuple[Quantization, str] | None:
    """To which quantization and type the first QUANTIZE that reads the tensor brings it."""
    for operator, _ in _readers(graph, tensor):
        if operator.kind == "QUANTIZE":
            output = graph.tensors[operator.outputs[0]]
            if output.quantization is not None:
                return output.quantization, output.dtype
    return None


def _reals(
    generator: np.random.Generator,
    shape: tuple[int, ...],
    limits: Range | None,
    quantized: tuple[Quantization, str] | None,
) -> Array:
    scale = None
    if limits is None and quantized is not None:
        quantization, dtype = quantized
        info, scale = np.iinfo(dtype), quantization.scale
        ends = [(int(end) - quantization.zero_point) * scale for end in (info.min, info.max)]
        outside = _OUTSIDE * (ends[1] - ends[0])
        limits = ends[0] - outside, ends[1] + outside
    low, high = limits or _REAL
    values = generator.uniform(low, high, shape).astype(np.float32)
    special = np.array([low, high, *([0.0, -0.0, 1e-40] if low <= 0 else [])], np.float32)
    if scale is not None:
        ties = (generator.integers(-100, 100, 8) + 0.5) * scale
        special = np.concatenate([special, ties.astype(np.float32)])
    chosen = generator.random(shape) < _SPECIAL_SHARE
    values[chosen] = generator.choice(special, int(chosen.sum()))
    return values
