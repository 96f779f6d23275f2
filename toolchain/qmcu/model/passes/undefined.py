"""Operators that tflite-micro cannot be asked for, as others that mean the same.

For some it reads memory that it never sets: their bytes follow what the allocator left
(MALLOC_PERTURB_ changes them), so nothing can be equal to them. ARG_MAX and ARG_MIN with answers in
int64 it refuses, and what `others` writes out it lacks. The oracle is given the same other
operators, which it computes exactly.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.passes.others import is_written, write_others
from qmcu.model.places import has_long_places, shorten_places


def is_undefined(graph: Graph, operator: Operator) -> bool:
    """Whether tflite-micro gives no bytes of an operator, or those depend on unset memory."""
    if has_long_places(graph, operator) or is_written(graph, operator):
        return True
    operands = [graph.operand(operator, i) for i in range(len(operator.inputs))]
    if len(operator.outputs) != 1 or any(tensor is None for tensor in operands):
        return False
    tensors = [tensor for tensor in operands if tensor is not None]
    if operator.kind == "GREATER":
        return len(tensors) == 2 and all(t.dtype == "int16" and _has_grid(t) for t in tensors)
    if operator.kind == "SPACE_TO_BATCH_ND" and len(tensors) == 3:
        source, _, paddings = tensors
        return (
            source.dtype in ("int8", "int16", "float32")
            and len(source.shape) in (3, 4)
            and paddings.is_constant
            and paddings.dtype == "int32"
            and paddings.elements == 2 * (len(source.shape) - 2)
            and bool(paddings.array.any())
            and not (paddings.array < 0).any()
        )
    return False


def _has_grid(tensor: Tensor) -> bool:
    grid: Quantization | None = tensor.quantization
    return grid is not None and not grid.per_channel and grid.scale > 0


def define(graph: Graph) -> Graph:
    """SPACE_TO_BATCH_ND with padding behind a PAD, GREATER of int16 on real numbers, short places.

    `graph` itself where it holds none.
    """
    graph = write_others(shorten_places(graph))
    if not any(is_undefined(graph, operator) for operator in graph.operators):
        return graph
    defining = _Defining(graph)
    for operator in graph.operators:
        if not is_undefined(graph, operator):
            defining.operators.append(operator)
        elif operator.kind == "GREATER":
            defining.add_greater(operator)
        else:
            defining.add_padded(operator)
    return replace(graph, tensors=tuple(defining.tensors), operators=tuple(defining.operators))


@dataclass
class _Defining:
    graph: Graph
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tensors = list(self.graph.tensors)
        self._number = max(operator.index for operator in self.graph.operators)

    def _tensor(self, tensor: Tensor) -> int:
        self.tensors.append(replace(tensor, index=len(self.tensors)))
        return len(self.tensors) - 1

    def _add(self, kind: str, inputs: tuple[int, ...], output: int) -> None:
        self._number += 1
        self.operators.append(Operator(self._number, kind, inputs, (output,), version=2))

    def _integers(self, name: str, values: list[list[int]]) -> int:
        array = np.array(values, np.int32)
        return self._tensor(Tensor(0, name, array.shape, "int32", data=array.tobytes()))

    def add_greater(self, operator: Operator) -> None:
        """Both inputs dequantized: what TFLite means by quantized comparisons."""
        reals = []
        for index in operator.inputs:
            source = self.tensors[index]
            real = Tensor(0, f"{source.name} real", source.shape, "float32")
            reals.append(self._tensor(real))
            self._add("DEQUANTIZE", (index,), reals[-1])
        self.operators.append(replace(operator, inputs=tuple(reals)))

    def add_padded(self, operator: Operator) -> None:
        """Zeros, which are zero points where numbers are quantized, in a PAD of their own."""
        index, block, edges = operator.inputs
        source, given = self.tensors[index], self.tensors[edges].array.reshape(-1, 2)
        paddings = [[0, 0], *given.tolist(), [0, 0]]
        shape = tuple(n + a + b for n, (a, b) in zip(source.shape, paddings, strict=True))
        padded = self._tensor(
            replace(source, name=f"{source.name} padded", shape=shape, data=None, is_variable=False)
        )
        amounts = self._integers(f"{source.name} paddings", paddings)
        self._add("PAD", (index, amounts), padded)
        none = self._integers(f"{source.name} no paddings", [[0, 0]] * len(given))
        self.operators.append(replace(operator, inputs=(padded, block, none)))
