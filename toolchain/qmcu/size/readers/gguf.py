"""GGUF, as llama.cpp stores a model: a header of keys, what each tensor is, and their bytes.

Only the header is read, in bounds: a count or length that the file cannot hold is refused.
Quantized tensors are blocks, integers with their scales: their bytes are those of the blocks.
"""

import struct
from math import prod
from pathlib import Path

from qmcu.size.contents import Contents, FileKind, Role, StoredTensor
from qmcu.size.mapped import dense_rows, fail, map_file
from qmcu.size.roles import role_of

MAGIC = b"GGUF"
_ALIGNMENT = 32
_MAX_RANK = 8
_STRING, _ARRAY = 8, 9
# Bytes of a value by its kind; strings and arrays say their own length.
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
# GGML's numbers of types: name, elements of a block, bytes of a block, what its elements are.
_TYPES = {
    0: ("F32", 1, 4, "float32"), 1: ("F16", 1, 2, "float16"), 2: ("Q4_0", 32, 18, "int4"),
    3: ("Q4_1", 32, 20, "int4"), 6: ("Q5_0", 32, 22, "int5"), 7: ("Q5_1", 32, 24, "int5"),
    8: ("Q8_0", 32, 34, "int8"), 10: ("Q2_K", 256, 84, "int2"), 11: ("Q3_K", 256, 110, "int3"),
    12: ("Q4_K", 256, 144, "int4"), 13: ("Q5_K", 256, 176, "int5"), 14: ("Q6_K", 256, 210, "int6"),
    15: ("Q8_K", 256, 292, "int8"), 20: ("IQ4_NL", 32, 18, "int4"),
    23: ("IQ4_XS", 256, 136, "int4"), 24: ("I8", 1, 1, "int8"), 25: ("I16", 1, 2, "int16"),
    26: ("I32", 1, 4, "int32"), 27: ("I64", 1, 8, "int64"), 28: ("F64", 1, 8, "float64"),
    30: ("BF16", 1, 2, "bfloat16"), 39: ("MXFP4", 32, 17, "float4"),
}  # fmt: skip


class _Header:
    """The bytes of a header, read one after the other."""

    def __init__(self, path: Path, data: memoryview) -> None:
        self.path, self.data, self.at = path, data, 4

    def skip(self, count: int) -> int:
        """Where `count` bytes begin that are now behind."""
        begin = self.at
        if count > len(self.data) - begin:
            fail(self.path, f"its header ends at byte {begin:,} of {len(self.data):,}; truncated")
        self.at += count
        return begin

    def number(self, form: str) -> int:
        """The next integer, little-endian."""
        begin = self.skip(struct.calcsize(form))
        return int(struct.unpack_from("<" + form, self.data, begin)[0])

    def text(self) -> str:
        """The next string."""
        length = self.number("Q")
        begin = self.skip(length)
        return bytes(self.data[begin : begin + min(length, 512)]).decode("utf-8", "replace")

    def pass_value(self, kind: int, depth: int = 0) -> None:
        """Go behind a value of a kind."""
        if kind in _SIZES:
            self.skip(_SIZES[kind])
        elif kind == _STRING:
            self.skip(self.number("Q"))
        elif kind == _ARRAY and depth < 2:
            inner, count = self.number("I"), self.number("Q")
            if inner in _SIZES:
                self.skip(count * _SIZES[inner])
                return
            # Each value takes 8 bytes at least, so the loop ends where the file does.
            for _ in range(count):
                self.pass_value(inner, depth + 1)
        else:
            fail(self.path, f"its header has a value of the unknown kind {kind}")


def read(path: Path) -> Contents:
    """The contents of a .gguf file. Raises ModelError, naming what is wrong where."""
    data = map_file(path)
    if bytes(data[:4]) != MAGIC:
        fail(path, "it does not begin with GGUF, so it is no GGUF file")
    header = _Header(path, data)
    version = header.number("I")
    if version not in (2, 3):
        fail(path, f"it is of version {version} of GGUF, and 2 and 3 are read (little-endian)")
    count, keys = header.number("Q"), header.number("Q")
    begin, alignment = header.at, _ALIGNMENT
    for _ in range(keys):
        key, kind = header.text(), header.number("I")
        if key == "general.alignment" and kind == 4:
            alignment = header.number("I")
        else:
            header.pass_value(kind)
    metadata = header.at - begin
    if alignment < 1 or alignment & (alignment - 1):
        fail(path, f"its alignment is {alignment}, no power of two")
    infos = [_info(header) for _ in range(count)]
    start = -(-header.at // alignment) * alignment
    tensors, at, holes = [], 0, start - header.at if infos else 0
    for name, shape, kind, offset in sorted(infos, key=lambda info: info[3]):
        tensor = _tensor(path, data, start + offset, name, shape, kind)
        if offset < at:
            fail(path, f"tensor {name[:80]!r} begins inside the one before it")
        holes += offset - at
        at = offset + tensor.stored
        tensors.append(tensor)
    rest = len(data) - start - at if infos else len(data) - header.at
    others = {
        Role.METADATA: metadata, Role.CONTAINER: header.at - metadata, Role.PADDING: holes + rest
    }  # fmt: skip
    kinds = sorted({_TYPES[kind][0] for _, _, kind, _ in infos})
    notes = (f"tensors of {', '.join(kinds)}; blocks hold their scales",) if kinds else ()
    return Contents(
        str(path), FileKind.GGUF, len(data), tuple(tensors), others, notes=notes, maps=(data,)
    )


def _info(header: _Header) -> tuple[str, tuple[int, ...], int, int]:
    """Name, shape (slowest axis first), type and offset of the next tensor."""
    name, rank = header.text(), header.number("I")
    if rank > _MAX_RANK:
        fail(header.path, f"tensor {name[:80]!r} has {rank} axes, and {_MAX_RANK} are read")
    shape = tuple(header.number("Q") for _ in range(rank))[::-1]
    return name, shape, header.number("I"), header.number("Q")


def _tensor(
    path: Path, data: memoryview, begin: int, name: str, shape: tuple[int, ...], kind: int
) -> StoredTensor:
    if kind not in _TYPES:
        fail(path, f"tensor {name[:80]!r} is of GGML's type {kind}, which is not known here")
    told, block, size, dtype = _TYPES[kind]
    blocks, left = divmod(prod(shape), block)
    if left or (shape and shape[-1] % block):
        fail(path, f"tensor {name[:80]!r} is {told}, whose rows are blocks of {block}")
    stored = blocks * size
    if begin + stored > len(data):
        fail(path, f"tensor {name[:80]!r} ends at byte {begin + stored:,} and the file has "
                   f"{len(data):,}; it is truncated")  # fmt: skip
    rows = dense_rows(data, begin, dtype, shape) if block == 1 else None
    return StoredTensor(name, dtype, shape, role_of(name, shape, dtype), stored, rows, note=told)
