"""The Graph: a .tflite model as plain, checked data.

Nothing here knows the flatbuffer format; `reader` makes a Graph from a file and `writer` makes a
file from a Graph.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.model.int4 import unpack_int4

OptionValue = int | float | bool | str | tuple[int, ...] | tuple[float, ...]

ITEM_SIZES = {
    "int4": 0.5, "int8": 1, "uint8": 1, "bool": 1, "int16": 2, "float16": 2,
    "int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8, "float64": 8,
    # A handle of a resource variable: tflite-micro keeps its number.
    "resource": 4,
}  # fmt: skip


@dataclass(frozen=True)
class Quantization:
    """Affine quantization: real = scale * (integer - zero_point).

    One scale and zero point per tensor, or one of each per slice along `axis`.
    Scales are the exact values of the file's float32 numbers.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        """True when there is more than one scale."""
        return len(self.scales) > 1

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantization."""
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantization."""
        return self.zero_points[0]


@dataclass(frozen=True)
class Tensor:
    """One tensor; `data` holds the little-endian bytes of a constant and is None otherwise.

    int4 constants are packed: two values a byte, low nibble first. A variable (`is_variable`)
    keeps its value from one inference to the next; at first and after a reset each of its bytes
    is the zero point if it is int8, else 0.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    quantization: Quantization | None = None
    data: bytes | None = field(default=None, repr=False)
    is_variable: bool = False

    @property
    def elements(self) -> int:
        """How many elements the tensor has."""
        return prod(self.shape)

    @property
    def size(self) -> int:
        """Size in bytes; 0 for a type that no operator takes."""
        return ceil(self.elements * ITEM_SIZES.get(self.dtype, 0))

    @property
    def is_constant(self) -> bool:
        """True when the values are part of the model."""
        return self.data is not None

    @property
    def array(self) -> npt.NDArray[Any]:
        """The constant values, read-only, in the tensor's shape; those of int4 as int8.

        Raises ValueError if there are none.
        """
        if self.data is None:
            raise ValueError(f"tensor {self.name} is not constant")
        if self.dtype == "int4":
            return unpack_int4(self.data, self.elements).reshape(self.shape)
        return np.frombuffer(self.data, dtype=np.dtype(self.dtype)).reshape(self.shape)

    @property
    def real(self) -> npt.NDArray[np.float32]:
        """The constant's real values, float32: as stored, or by its scales and zero points.

        Raises ValueError if there are none.
        """
        grid = self.quantization
        if grid is None or self.dtype.startswith("float"):
            return np.asarray(self.array, np.float32)
        shape = [1] * len(self.shape)
        if grid.per_channel:
            shape[grid.axis] = -1
        scales = np.array(grid.scales).reshape(shape or ())
        zeros = np.array(grid.zero_points).reshape(shape or ())
        return np.asarray((self.array.astype(np.float64) - zeros) * scales, np.float32)

    def __str__(self) -> str:
        shape = "x".join(map(str, self.shape)) or "scalar"
        return f"{self.name} {self.dtype}[{shape}]"


@dataclass(frozen=True)
class Operator:
    """One operator: `kind` is the TFLite builtin name, such as CONV_2D.

    `inputs` and `outputs` are tensor indices; -1 marks an optional input that is absent.
    `options` are the builtin options under their schema names in snake_case (stride_h, padding,
    fused_activation_function, ...); enum values are their schema names ("SAME", "RELU6").
    `custom` are the options of a custom operator, as they stand in the file. `intermediates` are
    the tensors whose quantization an LSTM uses between its steps.
    """

    index: int
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    version: int = 1
    custom: bytes = field(default=b"", repr=False)
    intermediates: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"#{self.index} {self.kind}"


@dataclass(frozen=True)
class Graph:
    """A whole model, or one subgraph of it: operators in execution order.

    `sha256` is the hex digest of the file the graph was read from ("" for one built in memory).
    `subgraphs` are those after the first, to which CALL_ONCE, IF and WHILE refer by index (see
    `subgraph`); one that nobody calls is empty. `input_names` and `output_names` are the
    signature's, empty when the file has none. `notes` say what the reader made of the file
    that a user should know, such as a batch that was fixed.
    """

    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    sha256: str = ""
    subgraphs: tuple["Graph", ...] = ()
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def subgraph(self, index: int) -> "Graph":
        """The subgraph by the file's number: 0 is this graph. Raises IndexError beyond."""
        return self if index == 0 else self.subgraphs[index - 1]

    @property
    def used(self) -> frozenset[int]:
        """The tensors that an operator of this subgraph or its inputs or outputs name."""
        named = [
            i
            for op in self.operators
            for i in (*op.inputs, *op.outputs, *op.intermediates)
            if i >= 0
        ]
        return frozenset([*named, *self.inputs, *self.outputs])

    def name_of(self, index: int) -> str:
        """The signature's name of an input or output, else the tensor's own."""
        for indices, names in (
            (self.inputs, self.input_names), (self.outputs, self.output_names),
        ):  # fmt: skip
            if index in indices and names:
                return names[indices.index(index)]
        return self.tensors[index].name

    @property
    def input_tensors(self) -> tuple[Tensor, ...]:
        """The model's inputs in order."""
        return tuple(self.tensors[i] for i in self.inputs)

    @property
    def output_tensors(self) -> tuple[Tensor, ...]:
        """The model's outputs in order."""
        return tuple(self.tensors[i] for i in self.outputs)

    def operand(self, operator: Operator, position: int) -> Tensor | None:
        """The operator's input tensor at `position`, or None when absent."""
        if position >= len(operator.inputs) or operator.inputs[position] < 0:
            return None
        return self.tensors[operator.inputs[position]]

    def __str__(self) -> str:
        return f"{self.name}: {len(self.operators)} operators, {len(self.tensors)} tensors"


def without_unused(graph: Graph) -> Graph:
    """The graph without tensors that nobody names; the others are numbered anew, in their order."""
    used = sorted(graph.used)
    new = {-1: -1} | {old: number for number, old in enumerate(used)}

    def renumbered(indices: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(new[i] for i in indices)

    return replace(
        graph,
        tensors=tuple(replace(graph.tensors[i], index=new[i]) for i in used),
        operators=tuple(
            replace(
                op,
                inputs=renumbered(op.inputs),
                outputs=renumbered(op.outputs),
                intermediates=renumbered(op.intermediates),
            )
            for op in graph.operators
        ),
        inputs=renumbered(graph.inputs),
        outputs=renumbered(graph.outputs),
    )
