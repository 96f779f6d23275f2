"""A model of uint8 integers, as TensorFlow 1 quantized it, in the int8 that today's kernels take.

Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference" (2018), describes
the old grids: uint8 with a zero point for weights too, one scale a tensor. Every activation has
the same real values in int8: 128 less in the integers and in the zero point. So have the weights
of FULLY_CONNECTED. Kernels of convolutions take weights without a zero point: taken off, they fit
into -127 to 127 as they are, or a channel is rounded to a scale that is a little larger.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator, Quantization, Tensor, without_unused
from qmcu.model.places import with_short_places
from qmcu.model.symmetric import HIGHEST, without_zero_point
from qmcu.model.unwritten import DETECTION
from qmcu.types import Array

_HALF = 128
# Where the channels of the outputs are in the weights, and at which input weights and bias are.
_CONVOLUTIONS = {"CONV_2D": (0, 1, 2), "DEPTHWISE_CONV_2D": (3, 1, 2), "TRANSPOSE_CONV": (0, 1, 3)}
# What goes by the real values of its operands, so that a shifted grid changes nothing.
_BY_VALUE = frozenset(
    {
        *_CONVOLUTIONS, "ADD", "ARG_MAX", "ARG_MIN", "AVERAGE_POOL_2D", "BATCH_TO_SPACE_ND",
        "CONCATENATION", DETECTION, "DEPTH_TO_SPACE", "DEQUANTIZE",
        "DIV", "EQUAL", "EXPAND_DIMS", "FULLY_CONNECTED", "GATHER", "GATHER_ND", "GREATER",
        "GREATER_EQUAL", "HARD_SWISH", "L2_NORMALIZATION", "LEAKY_RELU", "LESS", "LESS_EQUAL",
        "LOGISTIC", "MAXIMUM", "MAX_POOL_2D", "MEAN", "MINIMUM", "MIRROR_PAD", "MUL", "NOT_EQUAL",
        "PACK", "PAD", "PADV2", "PRELU", "QUANTIZE", "REDUCE_MAX", "REDUCE_MIN", "RELU", "RELU6",
        "RELU_N1_TO_1", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2",
        "SELECT", "SELECT_V2", "SLICE", "SOFTMAX", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "SPLIT",
        "SPLIT_V", "SQUEEZE", "STRIDED_SLICE", "SUB", "SUM", "TANH", "TILE", "TRANSPOSE", "UNPACK",
    }
)  # fmt: skip


@dataclass(frozen=True)
class SignedForm:
    """The int8 graph; `rounded` of its `channels` of convolution weights are not exact."""

    graph: Graph
    channels: int
    rounded: int


def unsigned_operators(graph: Graph) -> list[Operator]:
    """The operators that compute with uint8 integers.

    Those that only convert ends do not, and of custom ones nobody knows.
    """
    return [
        op
        for op in graph.operators
        if (op.kind not in ("QUANTIZE", "DEQUANTIZE") or all(_old(t) for t in _operands(graph, op)))
        and (op.kind in _BY_VALUE or not op.kind.startswith("CUSTOM:"))
        and any(_old(t) for t in _operands(graph, op))
    ]


def to_int8(graph: Graph, source: str) -> SignedForm:
    """The graph in int8: real values as they were but for rounded weights of convolutions.

    Raises ModelError for an operator that goes by the integers themselves.
    """
    for op in graph.operators:
        if op.kind not in _BY_VALUE and any(_old(t) for t in _operands(graph, op)):
            raise ModelError(f"{source}: {op} of uint8 has no form in int8 that qmcu knows.")
    maker = _Maker(graph)
    for op in graph.operators:
        maker.take(op)
    operators = tuple(replace(op, index=i) for i, op in enumerate(maker.operators))
    result = replace(graph, tensors=tuple(maker.tensors), operators=operators)
    result = with_short_places(without_unused(result))
    return SignedForm(result, maker.channels, maker.rounded)


def _operands(graph: Graph, op: Operator) -> Iterator[Tensor]:
    return (graph.tensors[i] for i in (*op.inputs, *op.outputs) if i >= 0)


def _old(tensor: Tensor) -> bool:
    return tensor.dtype == "uint8" and tensor.quantization is not None


class _Maker:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.tensors = [_shifted(t) if _old(t) else t for t in graph.tensors]
        self.operators: list[Operator] = []
        self.channels = self.rounded = 0

    def take(self, op: Operator) -> None:
        """The operator as it is in int8, behind what it needs before it."""
        place = _CONVOLUTIONS.get(op.kind)
        if place is not None and _old(self._graph.tensors[op.inputs[place[1]]]):
            op = self._convolution(op, *place)
        elif op.kind == "CONCATENATION":
            op = self._concatenation(op)
        elif op.kind == DETECTION:
            op = self._detection(op)
        self.operators.append(op)

    def _add(self, like: Tensor, **changes: object) -> int:
        index = len(self.tensors)
        self.tensors.append(replace(like, index=index, **changes))  # type: ignore[arg-type]
        return index

    def _convolution(self, op: Operator, axis: int, at: int, bias_at: int) -> Operator:
        old = self._graph.tensors[op.inputs[at]]
        grid = old.quantization
        if grid is None or not old.is_constant or grid.per_channel:
            return op
        values = old.array.astype(np.int32) - grid.zero_point
        whole, ratio = without_zero_point(values, axis, -HIGHEST)
        self.channels += len(ratio)
        self.rounded += int(np.count_nonzero(ratio > 1))
        new = _per_channel(grid.scale, ratio, axis)
        inputs = list(op.inputs)
        inputs[at] = self._add(old, dtype="int8", quantization=new, data=whole.tobytes())
        bias = self._graph.operand(op, bias_at)
        if bias is not None and bias.is_constant and bias.quantization and (ratio > 1).any():
            steps = np.rint(bias.array.astype(np.float64) / ratio).astype("<i4")
            coarser = _per_channel(bias.quantization.scale, ratio, 0)
            inputs[bias_at] = self._add(bias, quantization=coarser, data=steps.tobytes())
        return replace(op, inputs=tuple(inputs))

    def _detection(self, op: Operator) -> Operator:
        """In real numbers, which the old kernel made of what it read, and today's asks for."""
        inputs = []
        for index in op.inputs:
            part = self.tensors[index]
            if part.dtype == "int8" and part.quantization is not None:
                data = part.real.astype("<f4").tobytes() if part.is_constant else None
                index = self._add(
                    part, name=f"{part.name}/real", dtype="float32", quantization=None, data=data
                )
                if data is None:
                    self.operators.append(Operator(0, "DEQUANTIZE", (part.index,), (index,)))
            inputs.append(index)
        return replace(op, inputs=tuple(inputs))

    def _concatenation(self, op: Operator) -> Operator:
        """Parts on the grid of the whole: the old kernel moved them there, today's copies."""
        whole = self.tensors[op.outputs[0]]
        inputs = []
        for index in op.inputs:
            part = self.tensors[index]
            if whole.dtype == "int8" and part.quantization != whole.quantization:
                index = self._add(
                    part, name=f"{part.name}/on_grid", quantization=whole.quantization, data=None
                )
                self.operators.append(Operator(0, "QUANTIZE", (part.index,), (index,)))
            inputs.append(index)
        return replace(op, inputs=tuple(inputs))


def _shifted(tensor: Tensor) -> Tensor:
    grid = tensor.quantization
    assert grid is not None
    data = tensor.data
    if data is not None:
        data = (np.frombuffer(data, np.uint8) ^ _HALF).tobytes()
    points = tuple(z - _HALF for z in grid.zero_points)
    return replace(tensor, dtype="int8", data=data, quantization=replace(grid, zero_points=points))


def _per_channel(scale: float, ratio: Array, axis: int) -> Quantization:
    if (ratio == 1).all():
        return Quantization((scale,), (0,))
    scales = (np.float32(scale) * ratio).astype(np.float32)
    return Quantization(tuple(float(s) for s in scales), (0,) * len(ratio), axis)
