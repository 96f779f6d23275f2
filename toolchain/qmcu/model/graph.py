"""The Graph: a .tflite model as plain, checked data.

Nothing here knows the flatbuffer format; `reader` makes a Graph from a file and `writer` makes a
file from a Graph.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.model.int4 import unpack_int4

OptionValue = int | float | bool | str | tuple[int, ...]

ITEM_SIZES = {
    "int4": 0.5, "int8": 1, "uint8": 1, "bool": 1, "int16": 2, "float16": 2,
    "int32": 4, "float32": 4, "int64": 8, "float64": 8,
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

    int4 constants are packed: two values a byte, low nibble first.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    quantization: Quantization | None = None
    data: bytes | None = field(default=None, repr=False)

    @property
    def elements(self) -> int:
        """How many elements the tensor has."""
        return prod(self.shape)

    @property
    def size(self) -> int:
        """Size in bytes."""
        return int(np.ceil(self.elements * ITEM_SIZES[self.dtype]))

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

    def __str__(self) -> str:
        shape = "x".join(map(str, self.shape)) or "scalar"
        return f"{self.name} {self.dtype}[{shape}]"


@dataclass(frozen=True)
class Operator:
    """One operator: `kind` is the TFLite builtin name, such as CONV_2D.

    `inputs` and `outputs` are tensor indices; -1 marks an optional input that is absent.
    `options` are the builtin options under their schema names in snake_case (stride_h, padding,
    fused_activation_function, ...); enum values are their schema names ("SAME", "RELU6").
    """

    index: int
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    version: int = 1

    def __str__(self) -> str:
        return f"#{self.index} {self.kind}"


@dataclass(frozen=True)
class Graph:
    """A whole model: one subgraph, operators in execution order.

    `sha256` is the hex digest of the file the graph was read from ("" for one built in memory).
    """

    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    sha256: str = ""

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
