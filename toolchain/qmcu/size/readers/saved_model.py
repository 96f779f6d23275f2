"""A SavedModel folder: saved_model.pb, and variables in TensorFlow's bundle format.

The index is a sorted table (LevelDB's file format) of BundleEntryProto; values lie in
variables.data-*. TensorFlow is not needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

from qmcu.size.contents import Contents, FileKind, Role, StoredTensor, tensor_bytes
from qmcu.size.mapped import dense_rows, fail, map_file
from qmcu.size.readers.protobuf import BYTES, WireError, fields, signed, varint
from qmcu.size.roles import role_of

_DTYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 8: "complex64",
    9: "int64", 10: "bool", 14: "bfloat16", 17: "uint16", 19: "float16", 22: "uint32",
    23: "uint64",
}  # fmt: skip
_STRING = 7
_MAGIC = 0xDB4775248B80FB57
_FOOTER, _TRAILER = 48, 5
_MAX_FILES, _MAX_ENTRIES = 10_000, 1_000_000


@dataclass(frozen=True)
class _Entry:
    name: str
    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int


def read(folder: Path) -> Contents:
    """The contents of a SavedModel folder. Raises ModelError, naming what is wrong where."""
    graph_file = folder / "saved_model.pb"
    if not graph_file.is_file():
        fail(folder, "the folder holds no saved_model.pb, so it is no SavedModel")
    files = _files(folder)
    index_file = folder / "variables" / "variables.index"
    entries: list[_Entry] = []
    if index_file.is_file():
        data = map_file(index_file)
        try:
            entries = list(_entries(index_file, data))
        except WireError as error:
            fail(index_file, f"the index of variables is damaged ({error})")
    tensors = _tensors(folder, entries)
    shards = sum(s for p, s in files.items() if p.name.startswith("variables.data-"))
    index = index_file.stat().st_size if index_file.is_file() else 0
    graph = graph_file.stat().st_size
    total = sum(files.values())
    held = sum(t.stored for t in tensors)
    others = {
        Role.GRAPH: graph,
        Role.METADATA: max(0, shards - held),
        Role.CONTAINER: index,
        Role.CONSTANTS: total - graph - shards - index,
    }
    large = tuple((str(p.relative_to(folder)), s) for p, s in files.items() if s > total / 10)
    return Contents(
        str(folder), FileKind.SAVED_MODEL, total, tuple(tensors), others, large_metadata=large
    )


def _files(folder: Path) -> dict[Path, int]:
    """Every file of the folder with its size; links are not followed."""
    sizes: dict[Path, int] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            sizes[path] = path.stat().st_size
        if len(sizes) > _MAX_FILES:
            fail(folder, f"the folder holds over {_MAX_FILES:,} files")
    return sizes


def _tensors(folder: Path, entries: list[_Entry]) -> list[StoredTensor]:
    shards: dict[int, memoryview] = {}
    names = sorted((folder / "variables").glob("variables.data-*"))
    tensors = []
    for one in entries:
        if one.dtype == _STRING:
            continue
        dtype = _DTYPES.get(one.dtype)
        if dtype is None:
            fail(folder, f"variable {one.name[:80]!r} has the data type {one.dtype}")
        if one.shard >= len(names):
            fail(folder, f"variable {one.name[:80]!r} lies in part {one.shard} of {len(names)}")
        if one.shard not in shards:
            shards[one.shard] = map_file(names[one.shard])
        data = shards[one.shard]
        if prod(one.shape) >= 2**48 or tensor_bytes(dtype, one.shape) != one.size:
            fail(folder, f"variable {one.name[:80]!r} is {dtype}{list(one.shape)[:8]} and has "
                         f"{one.size:,} bytes")  # fmt: skip
        if one.offset + one.size > len(data):
            fail(folder, f"variable {one.name[:80]!r} ends at byte {one.offset + one.size:,} of "
                         f"{names[one.shard].name}, which has {len(data):,}")  # fmt: skip
        rows = dense_rows(data, one.offset, dtype, one.shape)
        name = one.name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE")
        tensors.append(
            StoredTensor(name, dtype, one.shape, role_of(name, one.shape, dtype), one.size, rows)
        )
    return tensors


def _entries(path: Path, data: memoryview) -> Iterator[_Entry]:
    """The variables that the index lists; its first entry is a header with an empty key."""
    if len(data) < _FOOTER or int.from_bytes(data[-8:], "little") != _MAGIC:
        fail(path, "this is no index of variables, or it is truncated")
    end = len(data)
    _, at = varint(data, end - _FOOTER, end)
    _, at = varint(data, at, end)
    begin, at = varint(data, at, end)
    size, at = varint(data, at, end)
    count = 0
    for _, (first, beyond) in _block(path, data, begin, size):
        block_begin, at = varint(data, first, beyond)
        block_size, _ = varint(data, at, beyond)
        for key, (value, value_end) in _block(path, data, block_begin, block_size):
            count += 1
            if count > _MAX_ENTRIES:
                fail(path, f"it lists over {_MAX_ENTRIES:,} variables")
            if key:
                yield _entry(data, key.decode("utf-8", "replace"), value, value_end)


def _block(
    path: Path, data: memoryview, begin: int, size: int
) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Keys and spans of values of one block; a key shares its beginning with the one before."""
    end = begin + size
    if size < 4 or end + _TRAILER > len(data):
        raise WireError(f"a block at byte {begin:,} of {size:,} bytes leads outside")
    if data[end] != 0:
        fail(path, "its blocks are compressed, which is not read")
    restarts = int.from_bytes(data[end - 4 : end], "little")
    stop = end - 4 - 4 * restarts
    if stop < begin:
        raise WireError(f"a block at byte {begin:,} has {restarts:,} restarts")
    key, at = b"", begin
    while at < stop:
        shared, at = varint(data, at, stop)
        fresh, at = varint(data, at, stop)
        length, at = varint(data, at, stop)
        if shared > len(key) or at + fresh + length > stop:
            raise WireError(f"an entry at byte {at:,} leads outside its block")
        key = key[:shared] + bytes(data[at : at + fresh])
        at += fresh
        yield key, (at, at + length)
        at += length


def _entry(data: memoryview, name: str, begin: int, end: int) -> _Entry:
    """BundleEntryProto: dtype 1, shape 2, shard 3, offset 4, size 5."""
    numbers = dict.fromkeys((1, 3, 4, 5), 0)
    shape: list[int] = []
    for part in fields(data, begin, end):
        if part.number in numbers and part.kind != BYTES:
            numbers[part.number] = part.value
        elif part.number == 2 and part.kind == BYTES:
            for dim in fields(data, part.begin, part.end):
                if dim.number == 2 and dim.kind == BYTES:
                    sizes = [f.value for f in fields(data, dim.begin, dim.end) if f.number == 1]
                    shape.append(signed(sizes[0]) if sizes else 0)
    if any(d < 0 for d in shape) or len(shape) > 32 or max(numbers.values()) >= 2**62:
        raise WireError(f"variable {name[:80]!r} has no valid shape or place")
    return _Entry(name, numbers[1], tuple(shape), numbers[3], numbers[4], numbers[5])
