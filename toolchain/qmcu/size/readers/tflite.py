"""TensorFlow Lite models of every kind: several subgraphs, signatures, custom operators, float.

`qmcu.model.reader` reads what can be compiled, and refuses the rest; this reads what can be
weighed, and knows which bytes of the file each thing takes.
"""

from collections import Counter
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from qmcu.model.schema import enum_names
from qmcu.size.contents import (
    DTYPE_BITS,
    Contents,
    FileKind,
    Operators,
    Role,
    StoredTensor,
    tensor_bytes,
)
from qmcu.size.mapped import dense_rows, fail, map_file
from qmcu.size.readers.flatbuffer import Claims, FlatbufferError, Table, number
from qmcu.size.readers.tflite_roles import CONVERTERS, INPUTS

_MAX_TENSORS = 1_000_000


@dataclass(frozen=True)
class _Tensor:
    name: str
    dtype: str
    shape: tuple[int, ...]
    buffer: int
    scales: int


@dataclass
class _Usage:
    """What operators say: roles of tensors by (subgraph, index), and how they compute."""

    roles: dict[tuple[int, int], Role] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    floats: Counter[str] = field(default_factory=Counter)
    integer: int = 0
    dynamic: bool = False
    float_io: bool = False
    activations: set[str] = field(default_factory=set)


def read(path: Path) -> Contents:
    """The contents of a .tflite file. Raises ModelError, naming what is wrong."""
    data = map_file(path)
    if len(data) < 16 or bytes(data[4:8]) != b"TFL3":
        found = bytes(data[4:8]).decode("ascii", "replace")
        fail(path, f"this is no TensorFlow Lite model ({len(data):,} bytes, identifier {found!r} "
                   "instead of 'TFL3')")  # fmt: skip
    try:
        return _Reader(path, data).contents()
    except FlatbufferError as error:
        fail(path, f"the file is damaged or truncated ({error}); get the model again")


class _Reader:
    def __init__(self, path: Path, data: memoryview) -> None:
        self.path = path
        self.data = data
        self.claims = Claims()
        self.usage = _Usage()
        self._sizes: dict[int, int] = {}

    def contents(self) -> Contents:
        root = Table.open(self.data, number(self.data, 0, "<I"), self.claims, Role.GRAPH)
        self.claims.add(0, 8, Role.GRAPH)
        if (version := root.integer(0, "<I")) != 3:
            fail(self.path, f"schema version is {version}, 3 is needed")
        codes = [self.code(c) for c in root.tables(1)]
        graphs = []
        for index, table in enumerate(root.tables(2)):
            graphs.append(self.subgraph(index, table, codes))
        root.text(3, Role.METADATA)
        metadata = self.metadata(root)
        buffers = [self.buffer(i, b) for i, b in enumerate(root.tables(4))]
        tensors = self.tensors(graphs, buffers)
        large = []
        for name, index in metadata:
            if index < len(buffers):
                begin, size = buffers[index]
                self.claims.add(begin, begin + size, Role.METADATA)
                large.append((name, size))
        totals = self.claims.totals(self.data)
        for tensor in tensors:
            totals[tensor.role] -= tensor.stored
        if min(totals.values()) < 0:
            fail(self.path, "its buffers overlap; the file is damaged")
        usage = self.usage
        operators = Operators(
            dict(usage.kinds), usage.integer, dict(usage.floats), tuple(sorted(usage.activations)),
            usage.dynamic, usage.float_io,
        )  # fmt: skip
        return Contents(
            str(self.path), FileKind.TFLITE, len(self.data), tuple(tensors), totals, operators,
            large_metadata=tuple(large),
        )  # fmt: skip

    def code(self, table: Table) -> str:
        value = max(table.integer(0, "<b"), table.integer(3, "<i"))
        custom = table.text(1)
        names = enum_names("BuiltinOperator")
        return f"CUSTOM:{custom[:60]}" if custom else names.get(value, f"BUILTIN_{value}")

    def metadata(self, root: Table) -> list[tuple[str, int]]:
        buffers = [(t.text(0)[:60], t.integer(1, "<I")) for t in root.tables(6, Role.METADATA)]
        root.vector(5, 4, Role.METADATA)
        for signature in root.tables(7, Role.METADATA):
            signature.text(2)
            for side in (0, 1):
                for entry in signature.tables(side):
                    entry.text(0)
        return buffers

    def subgraph(self, index: int, table: Table, codes: list[str]) -> list[_Tensor]:
        tensors = [self.tensor(t) for t in table.tables(0)]
        if len(tensors) > _MAX_TENSORS:
            fail(self.path, f"subgraph {index} has {len(tensors):,} tensors")
        table.text(4)
        ends = (*table.integers(1, "i"), *table.integers(2, "i"))
        usage = self.usage
        for end in ends:
            if 0 <= end < len(tensors):
                usage.float_io |= tensors[end].dtype == "float32"
        readers = [self.operator(o, codes, tensors) for o in table.tables(3)]
        # From the end, so that a reader is known before what hands on to it.
        for kind, inputs, outputs in reversed(readers):
            self.use(index, kind, inputs, outputs)
        return tensors

    def tensor(self, table: Table) -> _Tensor:
        kind = table.integer(1, "<b")
        shape = table.integers(0, "i")
        table.vector(7, 4)
        scales = 0
        parameters = table.table(4, Role.QUANTIZATION)
        if parameters is not None:
            for slot, item in ((0, 4), (1, 4), (3, 8)):
                parameters.vector(slot, item)
            _, scales = parameters.vector(2, 4)
        return _Tensor(
            table.text(3),
            enum_names("TensorType").get(kind, "other").lower(),
            shape,
            table.integer(2, "<I"),
            scales,
        )

    def operator(
        self, table: Table, codes: list[str], tensors: list[_Tensor]
    ) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
        code = table.integer(0, "<I")
        if code >= len(codes):
            fail(self.path, f"an operator has the code {code} of {len(codes)}")
        kind = codes[code]
        inputs, outputs = table.integers(1, "i"), table.integers(2, "i")
        if any(not -1 <= i < len(tensors) for i in (*inputs, *outputs)):
            fail(self.path, f"an operator {kind} names a tensor that is not there")
        table.table(4)
        table.table(12)
        table.vector(5, 1)
        self.count(kind, [tensors[i] for i in inputs if i >= 0], [tensors[i] for i in outputs])
        return kind, inputs, outputs

    def count(self, kind: str, inputs: list[_Tensor], outputs: list[_Tensor]) -> None:
        """Note in which arithmetic an operator runs: activations are tensors without a buffer."""
        usage = self.usage
        usage.kinds[kind] += 1
        constants = {t.dtype for t in inputs if self.constant(t)}
        moving = {t.dtype for t in (*inputs, *outputs) if not self.constant(t)}
        if kind in CONVERTERS:
            return
        usage.activations |= moving
        if "float32" in moving or "float16" in moving:
            usage.floats[kind] += 1
            usage.dynamic |= bool(constants & {"int8", "uint8", "int4"})
        elif moving & {"int8", "uint8", "int16"}:
            usage.integer += 1

    def constant(self, tensor: _Tensor) -> bool:
        return tensor.buffer != 0 and self.sizes().get(tensor.buffer, 0) > 0

    def sizes(self) -> dict[int, int]:
        """Size of each buffer's data, read once, ahead of the claims."""
        if not self._sizes:
            root = Table.open(self.data, number(self.data, 0, "<I"), Claims(), Role.GRAPH)
            self._sizes = {
                i: max(b.vector(0, 1)[1], b.integer(2, "<Q") if b.integer(1, "<Q") > 1 else 0)
                for i, b in enumerate(root.tables(4))
            }
        return self._sizes

    def use(self, graph: int, kind: str, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> None:
        places = INPUTS.get(kind, {})
        for position, index in enumerate(inputs):
            role = places.get(position)
            if kind in CONVERTERS and outputs:
                role = self.usage.roles.get((graph, outputs[0]))
            if role is not None:
                self.usage.roles.setdefault((graph, index), role)

    def buffer(self, index: int, table: Table) -> tuple[int, int]:
        """Where a buffer's bytes are: (first, count)."""
        offset, size = table.integer(1, "<Q"), table.integer(2, "<Q")
        if offset > 1:
            if offset + size > len(self.data):
                fail(self.path, f"buffer {index} ends at byte {offset + size:,} and the file has "
                                f"{len(self.data):,}; it is truncated")  # fmt: skip
            return offset, size
        begin, count = table.vector(0, 1)
        # The vector is claimed for the graph: its data are claimed by the tensor that shows it.
        if count:
            self.claims.spans.pop()
            self.claims.add(begin - 4, begin, Role.GRAPH)
        return begin, count

    def tensors(
        self, graphs: list[list[_Tensor]], buffers: list[tuple[int, int]]
    ) -> list[StoredTensor]:
        result = []
        shown: set[int] = set()
        for graph, tensors in enumerate(graphs):
            for index, tensor in enumerate(tensors):
                if tensor.buffer >= len(buffers):
                    fail(self.path, f"tensor {tensor.name[:80]!r} uses buffer {tensor.buffer} of "
                                    f"{len(buffers)}")  # fmt: skip
                begin, size = buffers[tensor.buffer]
                if not tensor.buffer or not size or begin in shown:
                    continue
                shown.add(begin)
                result.append(self.stored(graph, index, tensor, begin, size))
        return result

    def stored(
        self, graph: int, index: int, tensor: _Tensor, begin: int, size: int
    ) -> StoredTensor:
        role = self.usage.roles.get((graph, index)) or _role(tensor)
        self.claims.add(begin, begin + size, role)
        dtype, shape = tensor.dtype, tensor.shape
        rows = None
        known = dtype in DTYPE_BITS and all(d >= 0 for d in shape) and prod(shape) < 2**48
        dense = known and tensor_bytes(dtype, shape) == size
        if dense:
            rows = dense_rows(self.data, begin, dtype, shape)
        note = "" if dense else "sparse or of another type"
        if not dense:
            dtype, shape = "uint8", (size,)
        return StoredTensor(
            tensor.name or f"tensor {index}", dtype, shape, role, size, rows, tensor.scales,
            note=note,
        )  # fmt: skip


def _role(tensor: _Tensor) -> Role:
    if tensor.dtype in ("float32", "float16", "int8", "uint8", "int16", "int4"):
        wide = sum(d > 1 for d in tensor.shape) >= 2
        return Role.WEIGHTS if wide else Role.BIASES
    return Role.CONSTANTS
