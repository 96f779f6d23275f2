"""ONNX by its wire format, mapped: initializers where they lie, external data files included.

The onnx package would copy every tensor and refuses files over 2 GB; this reads what it looks at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np

from qmcu.size.contents import (
    DTYPE_BITS,
    FLOATS,
    Contents,
    FileKind,
    Role,
    StoredTensor,
    numpy_dtype,
    tensor_bytes,
)
from qmcu.size.mapped import dense_rows, fail, map_file
from qmcu.size.readers.onnx_graph import Node, operators, roles_by_use
from qmcu.size.readers.protobuf import BYTES, Field, WireError, fields, signed, text, varints
from qmcu.size.roles import role_of
from qmcu.types import Array

_DTYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
    9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64",
    15: "complex128", 16: "bfloat16", 17: "float8_e4m3", 18: "float8", 19: "float8_e5m2",
    20: "float8", 21: "uint4", 22: "int4", 23: "float4", 24: "float8", 25: "uint2", 26: "int2",
}  # fmt: skip
# Field numbers of onnx.proto.
_GRAPH, _MODEL_DOC, _PROPERTIES, _FUNCTIONS = 7, 6, 14, 25
_NODE, _INITIALIZER, _GRAPH_DOC, _OUTPUT = 1, 5, 10, 12
_DIMS, _TYPE, _FLOATS, _INT32S, _INT64S, _NAME, _RAW = 1, 2, 4, 5, 7, 8, 9
_DOUBLES, _UINT64S, _TENSOR_DOC, _EXTERNAL, _LOCATION = 10, 11, 12, 13, 14
_MAX_FIELDS = 5_000_000
_MAX_DECODED = 4 << 20


@dataclass
class _Tensor:
    """An initializer while it is read; `begin` to `end` is its data in the file."""

    name: str = ""
    dims: list[int] = field(default_factory=list)
    kind: int = 0
    begin: int = 0
    end: int = 0
    encoded: bool = False
    external: dict[str, str] = field(default_factory=dict)
    is_external: bool = False


def read(path: Path) -> Contents:
    """The contents of an .onnx file. Raises ModelError, naming what is wrong where."""
    data = map_file(path)
    try:
        return _Reader(path, data).contents()
    except WireError as error:
        fail(path, f"this is no ONNX model, or a damaged one ({error})")


class _Reader:
    def __init__(self, path: Path, data: memoryview) -> None:
        self.path = path
        self.data = data
        self.metadata = 0
        self.initializers: list[_Tensor] = []
        self.nodes: list[Node] = []
        self.outputs: set[str] = set()
        self.budget = _MAX_FIELDS

    def contents(self) -> Contents:
        graphs = 0
        for part in self.fields(0, len(self.data)):
            if part.number == _GRAPH and part.kind == BYTES:
                graphs += 1
                self.graph(part)
            elif part.number in (_MODEL_DOC, _PROPERTIES) and part.kind == BYTES:
                self.metadata += part.value
        if graphs != 1:
            fail(self.path, f"this is no ONNX model: it holds {graphs} graphs instead of one")
        roles, packed = roles_by_use(self.nodes)
        tensors = []
        outside: dict[str, int] = {}
        for one in self.initializers:
            tensors.append(self.tensor(one, roles, packed, outside))
        inside = sum(
            t.stored for t, one in zip(tensors, self.initializers, strict=True)
            if not one.is_external
        )  # fmt: skip
        size = len(self.data) + sum(outside.values())
        shown = sum(t.stored for t in tensors) - inside
        others = {
            Role.METADATA: self.metadata,
            Role.GRAPH: len(self.data) - inside - self.metadata,
            Role.PADDING: max(0, sum(outside.values()) - shown),
        }
        notes = tuple(f"{count:,} bytes lie in {name}" for name, count in outside.items())
        return Contents(
            str(self.path), FileKind.ONNX, size, tuple(tensors), others,
            operators(self.nodes, {t.name for t in tensors if t.dtype in FLOATS}), notes=notes,
        )  # fmt: skip

    def fields(self, begin: int, end: int) -> Iterator[Field]:
        for part in fields(self.data, begin, end):
            self.budget -= 1
            if self.budget < 0:
                fail(self.path, f"it has over {_MAX_FIELDS:,} fields, no real model does")
            yield part

    def graph(self, whole: Field) -> None:
        for part in self.fields(whole.begin, whole.end):
            if part.kind != BYTES:
                continue
            if part.number == _NODE:
                self.node(part)
            elif part.number == _INITIALIZER:
                self.initializers.append(self.initializer(part))
            elif part.number == _GRAPH_DOC:
                self.metadata += part.value
            elif part.number == _OUTPUT:
                self.outputs |= {
                    text(self.data, f) for f in self.fields(part.begin, part.end) if f.number == 1
                }

    def node(self, whole: Field) -> None:
        inputs, outputs, kind = [], [], ""
        bits, constant = 0, None
        for part in self.fields(whole.begin, whole.end):
            if part.kind != BYTES:
                continue
            if part.number == 1:
                inputs.append(text(self.data, part))
            elif part.number == 2:
                outputs.append(text(self.data, part))
            elif part.number == 4:
                kind = text(self.data, part)
            elif part.number == 5:
                name, number, tensor = self.attribute(part)
                bits = number if name == "bits" else bits
                constant = tensor or constant
        if kind == "Constant" and constant is not None and outputs:
            constant.name = outputs[0]
            self.initializers.append(constant)
        self.nodes.append(Node(kind[:80], tuple(inputs), tuple(outputs), bits))

    def attribute(self, whole: Field) -> tuple[str, int, _Tensor | None]:
        name, number, tensor = "", 0, None
        for part in self.fields(whole.begin, whole.end):
            if part.number == 1 and part.kind == BYTES:
                name = text(self.data, part)[:80]
            elif part.number == 3 and part.kind != BYTES:
                number = part.value
            elif part.number == 5 and part.kind == BYTES:
                tensor = self.initializer(part)
        return name, number, tensor

    def initializer(self, whole: Field) -> _Tensor:
        tensor = _Tensor()
        for part in self.fields(whole.begin, whole.end):
            if part.number == _DIMS:
                tensor.dims += [signed(v) for v in varints(self.data, part)]
            elif part.number == _TYPE:
                tensor.kind = part.value
            elif part.number == _NAME and part.kind == BYTES:
                tensor.name = text(self.data, part)
            elif part.number in (_RAW, _FLOATS, _DOUBLES) and part.kind == BYTES:
                tensor.begin, tensor.end = part.begin, part.end
            elif part.number in (_INT32S, _INT64S, _UINT64S) and part.kind == BYTES:
                tensor.begin, tensor.end, tensor.encoded = part.begin, part.end, True
            elif part.number == _TENSOR_DOC:
                self.metadata += part.value
            elif part.number == _EXTERNAL and part.kind == BYTES:
                pair = [text(self.data, f) for f in self.fields(part.begin, part.end)]
                if len(pair) == 2:
                    tensor.external[pair[0]] = pair[1]
            elif part.number == _LOCATION:
                tensor.is_external = part.value == 1
        return tensor

    def tensor(
        self, one: _Tensor, roles: dict[str, Role], packed: dict[str, int], outside: dict[str, int]
    ) -> StoredTensor:
        shown = repr(one.name[:80])
        dtype = _DTYPES.get(one.kind)
        if dtype is None:
            fail(self.path, f"initializer {shown} has the data type {one.kind}, which is not read")
        shape = tuple(one.dims)
        if len(shape) > 32 or any(not 0 <= d < 2**48 for d in shape) or prod(shape) >= 2**48:
            fail(self.path, f"initializer {shown} has the shape {str(list(shape))[:60]}")
        rows: Callable[[int, int], Array] | None
        if one.is_external:
            stored, rows = self.outside(one, dtype, shape, outside)
        else:
            stored = one.end - one.begin
            rows = self.inside(one, dtype, shape)
        role = roles.get(one.name) or _role(one.name, dtype, shape)
        bits = packed.get(one.name, 0) if DTYPE_BITS[dtype] == 8 else 0
        return StoredTensor(
            one.name, dtype, shape, role, stored, None if bits else rows, packed_bits=bits
        )

    def inside(
        self, one: _Tensor, dtype: str, shape: tuple[int, ...]
    ) -> Callable[[int, int], Array] | None:
        size = one.end - one.begin
        if one.encoded:
            return self.decoded(one, dtype, shape) if size <= _MAX_DECODED else None
        # Single numbers may stand outside the packed run; such tensors are of no size.
        if size != tensor_bytes(dtype, shape):
            if size:
                fail(self.path, f"initializer {one.name[:80]!r} is {dtype}{list(shape)[:8]} and "
                                f"has {size:,} bytes")  # fmt: skip
            return None
        return dense_rows(self.data, one.begin, dtype, shape)

    def decoded(
        self, one: _Tensor, dtype: str, shape: tuple[int, ...]
    ) -> Callable[[int, int], Array] | None:
        """Values that are stored as one varint each."""
        kind = numpy_dtype(dtype)
        whole = Field(0, BYTES, 0, one.begin, one.end)
        values = [signed(v) for v in varints(self.data, whole)]
        if kind is None or len(values) != prod(shape) or not values or kind.kind not in "iu":
            return None
        numbers = np.array(values, np.int64).astype(kind).reshape(shape[0] if shape else 1, -1)
        return lambda start, stop: numbers[start:stop]

    def outside(
        self, one: _Tensor, dtype: str, shape: tuple[int, ...], outside: dict[str, int]
    ) -> tuple[int, Callable[[int, int], Array] | None]:
        name = one.external.get("location", "")
        target = self.path.parent / name
        inside = target.resolve().is_relative_to(self.path.parent.resolve())
        if not name or not inside:
            fail(self.path, f"initializer {one.name[:80]!r} lies in {name[:80]!r}, outside the "
                            "model's folder; it is not opened")  # fmt: skip
        data = map_file(target)
        outside[name] = len(data)
        try:
            offset = int(one.external.get("offset", "0"))
            size = int(one.external.get("length", tensor_bytes(dtype, shape)))
        except ValueError:
            fail(self.path, f"initializer {one.name[:80]!r} has a damaged place in {name[:80]!r}")
        needed = tensor_bytes(dtype, shape)
        if offset < 0 or size != needed or offset + size > len(data):
            fail(self.path, f"initializer {one.name[:80]!r} ends at byte {offset + size:,} of "
                            f"{name[:80]}, which has {len(data):,}")  # fmt: skip
        return size, dense_rows(data, offset, dtype, shape)


def _role(name: str, dtype: str, shape: tuple[int, ...]) -> Role:
    return Role.CONSTANTS if dtype in ("int64", "bool") else role_of(name, shape, dtype)
