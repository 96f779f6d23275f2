"""What a model file holds, as plain data: tensors with where their bytes lie, and all other bytes.

A reader makes a `Contents`; nothing after it knows a file format. The bytes of all roles add up
to the size on disk.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil, prod
from typing import Any

import numpy as np

from qmcu.types import Array


class FileKind(StrEnum):
    """What a file is, in words."""

    TFLITE = "TensorFlow Lite"
    KERAS = "Keras"
    HDF5 = "HDF5"
    SAVED_MODEL = "SavedModel"
    ONNX = "ONNX"
    SAFETENSORS = "safetensors"
    TORCH = "PyTorch checkpoint"
    NPZ = "npz"
    GGUF = "GGUF"


class Role(StrEnum):
    """What bytes of a file are for."""

    WEIGHTS = "weights"
    BIASES = "biases and norms"
    CONSTANTS = "other constants"
    QUANTIZATION = "quantization parameters"
    OPTIMIZER = "optimizer state"
    DUPLICATES = "duplicates"
    UNUSED = "unused storage"
    GRAPH = "graph"
    METADATA = "metadata"
    CONTAINER = "container"
    PADDING = "padding"


# Bits of one element; "packed" ones hold several integers in each word.
DTYPE_BITS: Mapping[str, int] = {
    "float64": 64, "float32": 32, "float16": 16, "bfloat16": 16, "float8_e4m3": 8,
    "float8_e5m2": 8, "float8": 8, "float4": 4, "int64": 64, "int32": 32, "int16": 16, "int8": 8,
    "int6": 6, "int5": 5, "int4": 4, "int3": 3, "int2": 2, "uint64": 64,
    "uint32": 32, "uint16": 16, "uint8": 8, "uint4": 4, "uint2": 2, "bool": 8, "complex64": 64,
    "complex128": 128,
}  # fmt: skip
FLOATS = ("float64", "float32", "float16", "bfloat16")
_NUMPY_NAMES = {"bfloat16": "<u2"}


def numpy_dtype(dtype: str) -> np.dtype[Any] | None:
    """How elements are read: little-endian; bfloat16 as uint16; None when they cannot be."""
    if dtype == "float8" or DTYPE_BITS.get(dtype, 0) < 8:
        return None
    if dtype.startswith("float8"):
        return np.dtype(np.uint8)
    return np.dtype(_NUMPY_NAMES.get(dtype, dtype)).newbyteorder("<")


def tensor_bytes(dtype: str, shape: tuple[int, ...]) -> int:
    """Bytes of a tensor stored densely. Raises KeyError for an unknown dtype."""
    return ceil(prod(shape) * DTYPE_BITS[dtype] / 8)


@dataclass(frozen=True)
class StoredTensor:
    """One tensor as it is stored.

    `stored` are its bytes on disk (compressed, if the file is); `rows(start, stop)` gives rows of
    its values viewed as [shape[0], rest], in `numpy_dtype(dtype)`, without reading more than
    those, or None when the values cannot be read. `packed_bits` is the width of the integers
    that a word of a packed tensor holds. `scales` says how many scales the file declares.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    role: Role
    stored: int
    rows: Callable[[int, int], Array] | None = field(default=None, repr=False, compare=False)
    scales: int = 0
    packed_bits: int = 0
    note: str = ""

    @property
    def elements(self) -> int:
        """How many values the tensor has; of a packed one, how many integers."""
        count = prod(self.shape)
        return count * DTYPE_BITS[self.dtype] // self.packed_bits if self.packed_bits else count

    @property
    def raw(self) -> int:
        """Bytes when loaded, in the stored dtype."""
        return tensor_bytes(self.dtype, self.shape)

    @property
    def matrix_shape(self) -> tuple[int, int]:
        """The shape [rows, columns] that `rows` serves."""
        if not self.shape:
            return 1, 1
        return self.shape[0], prod(self.shape[1:])


@dataclass(frozen=True)
class Operators:
    """What a file's graph does: operators by kind, and those that compute in float.

    `float_kinds` counts operators with float inputs and outputs (converters between float and
    integer excluded), `integer` those on integers. `activations` are the dtypes between layers.
    `dynamic` is true when activations are quantized while running.
    """

    kinds: Mapping[str, int]
    integer: int = 0
    float_kinds: Mapping[str, int] = field(default_factory=dict)
    activations: tuple[str, ...] = ()
    dynamic: bool = False
    float_io: bool = False


@dataclass(frozen=True)
class Contents:
    """One file (or folder) in full: `size` bytes on disk.

    `others` are the bytes that belong to no tensor, by role; `unused` the bytes of storages that
    no tensor shows. `compressed` is true when tensors are stored compressed. `notes` say what a
    user should know about the file itself. `maps` is the mapped memory in which rows lie.
    """

    path: str
    kind: FileKind
    size: int
    tensors: tuple[StoredTensor, ...]
    others: Mapping[Role, int]
    operators: Operators | None = None
    compressed: bool = False
    notes: tuple[str, ...] = ()
    large_metadata: tuple[tuple[str, int], ...] = ()
    maps: tuple[memoryview, ...] = ()

    def bytes_by_role(self) -> dict[Role, int]:
        """Bytes on disk by role, in the order of Role; adds up to `size`."""
        by_role = {role: self.others.get(role, 0) for role in Role}
        for tensor in self.tensors:
            by_role[tensor.role] += tensor.stored
        return {role: count for role, count in by_role.items() if count}
