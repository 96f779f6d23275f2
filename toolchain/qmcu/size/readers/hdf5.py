"""HDF5: Keras's .h5 and the weights inside a .keras; the library runs in a child process.

`hdf5_listing` says where datasets lie; their values are read here, mapped, and chunks are
unpacked with zlib.
"""

import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, prod
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.extras import missing_package
from qmcu.size.contents import DTYPE_BITS, Contents, FileKind, Role, StoredTensor, numpy_dtype
from qmcu.size.mapped import dense_rows, fail, map_file
from qmcu.size.roles import role_of
from qmcu.types import Array

_LISTING = Path(__file__).with_name("hdf5_listing.py")
_SECONDS = 60
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_GZIP, _SHUFFLE, _CHECKSUM = 1, 2, 3
# A chunked dataset is unpacked whole, if it is no larger than this.
_MAX_UNPACKED = 256 << 20
_GRAPH_ATTRIBUTES = ("@model_config",)


@dataclass(frozen=True)
class Hdf5:
    """What lies in an HDF5 file: tensors, bytes of other things, whether chunks are compressed."""

    tensors: tuple[StoredTensor, ...]
    others: Mapping[Role, int]
    compressed: bool
    attributes: tuple[tuple[str, int], ...]


def read(path: Path) -> Contents:
    """The contents of an HDF5 file. Raises ModelError, or ToolError without h5py."""
    data = map_file(path)
    part = read_part(path, data, 0, len(data))
    return Contents(
        str(path), FileKind.HDF5, len(data), part.tensors, part.others,
        compressed=part.compressed, large_metadata=part.attributes,
    )  # fmt: skip


def read_part(path: Path, data: memoryview, begin: int, size: int) -> Hdf5:
    """The HDF5 file in `data[begin:begin + size]`; roles add up to `size`. Raises as `read`."""
    if bytes(data[begin : begin + 8]) != _SIGNATURE:
        fail(path, "this is no HDF5 file (its first bytes are not HDF5's)")
    listing = _listing(path, begin, size)
    part = data[begin : begin + size]
    tensors, metadata = [], 0
    kept: dict[str, Array] = {}
    for one in listing["datasets"]:
        tensor = _tensor(path, part, one, kept)
        if tensor is None:
            metadata += one["stored"]
        else:
            tensors.append(tensor)
    attributes = [(str(name), int(count)) for name, count in listing["attributes"]]
    graph = sum(count for name, count in attributes if name in _GRAPH_ATTRIBUTES)
    metadata += sum(count for _, count in attributes) - graph
    rest = size - sum(t.stored for t in tensors) - graph - metadata
    if rest < 0:
        # Attributes may share their bytes; datasets may not.
        metadata, graph, rest = max(0, metadata + graph + rest), 0, 0
        if sum(t.stored for t in tensors) + metadata > size:
            fail(path, "its datasets overlap or end beyond the file")
    return Hdf5(
        tuple(tensors),
        {Role.GRAPH: graph, Role.METADATA: metadata, Role.CONTAINER: rest},
        any(one.get("filters") for one in listing["datasets"]),
        tuple((name, count) for name, count in attributes if count > size / 10),
    )


def _listing(path: Path, begin: int, size: int) -> dict[str, Any]:
    """What the child process says of the file."""
    command = [sys.executable, "-I", str(_LISTING), str(path.absolute()), str(begin), str(size)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        fail(path, f"the HDF5 library did not get through it in {_SECONDS} s; it is damaged")
    try:
        listing: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        fail(path, f"the HDF5 library crashed on it (exit code {done.returncode}); it is damaged")
    if "missing" in listing:
        raise missing_package("h5py", f"{path} is HDF5, which")
    if "error" in listing:
        reason = str(listing["error"]).split("(")[-1].rstrip(") ")
        fail(path, f"the HDF5 file is damaged or truncated ({reason[:100]})")
    return listing


def _tensor(
    path: Path, part: memoryview, one: dict[str, Any], kept: dict[str, Array]
) -> StoredTensor | None:
    """A dataset of numbers as a tensor, None for texts and the like."""
    name, shape, dtype = one["name"], one["shape"], one["dtype"]
    if one["external"]:
        fail(path, f"dataset {name[:80]!r} lies in other files, which are not opened")
    if dtype not in DTYPE_BITS or shape is None:
        return None
    extents = tuple(shape)
    offset, stored = one["offset"], one["stored"]
    if prod(extents) >= 2**48:
        fail(path, f"dataset {name[:80]!r} has the shape {str(shape)[:60]}")
    rows: Callable[[int, int], Array] | None = None
    if offset is not None and one["little"]:
        if offset + stored > len(part) or stored != prod(extents) * one["item"]:
            fail(path, f"dataset {name[:80]!r} ends beyond the file; it is truncated")
        rows = dense_rows(part, offset, dtype, extents)
    elif one.get("chunks") and one["little"]:
        rows = _chunked(path, part, one, extents, kept)
    return StoredTensor(name, dtype, extents, role_of(name, extents, dtype), stored, rows)


def _chunked(
    path: Path,
    part: memoryview,
    one: dict[str, Any],
    shape: tuple[int, ...],
    kept: dict[str, Array],
) -> Callable[[int, int], Array] | None:
    """Rows of a chunked dataset, None when it cannot be unpacked; `kept` holds the last one."""
    kind = numpy_dtype(one["dtype"])
    known = all(f in (_GZIP, _SHUFFLE, _CHECKSUM) for f in one["filters"])
    size = prod(shape) * one["item"]
    chunk_size = prod(one["chunk"]) * one["item"]
    if kind is None or not known or not shape or max(size, chunk_size) > _MAX_UNPACKED:
        return None
    name = one["name"]

    def rows(start: int, stop: int) -> Array:
        if name not in kept:
            kept.clear()
            kept[name] = _unpacked(path, part, one, shape, kind).reshape(shape[0], -1)
        return kept[name][start:stop]

    return rows


def _unpacked(
    path: Path, part: memoryview, one: dict[str, Any], shape: tuple[int, ...], kind: np.dtype[Any]
) -> Array:
    whole = np.zeros(shape, kind)
    extents = one["chunk"]
    size = prod(extents) * kind.itemsize
    for corner, offset, stored, skipped in one["chunks"]:
        content = bytes(part[offset : offset + stored])
        for i in reversed(range(len(one["filters"]))):
            if not skipped >> i & 1:
                content = _undo(path, one["filters"][i], content, size, kind.itemsize)
        if len(content) != size:
            fail(path, f"a chunk of dataset {one['name'][:80]!r} has {len(content):,} bytes "
                       f"instead of {size:,}")  # fmt: skip
        piece = np.frombuffer(content, kind).reshape(extents)
        target = tuple(slice(c, c + e) for c, e in zip(corner, extents, strict=True))
        room = whole[target].shape
        whole[target] = piece[tuple(slice(0, r) for r in room)]
    return whole


def _undo(path: Path, name: int, content: bytes, size: int, item: int) -> bytes:
    """Take one filter off a chunk."""
    if name == _GZIP:
        machine = zlib.decompressobj()
        try:
            return machine.decompress(content, size + 64)
        except zlib.error as error:
            fail(path, f"a compressed chunk is damaged ({error})")
    if name == _CHECKSUM:
        return content[:-4]
    planes = np.frombuffer(content[: ceil(size / item) * item], np.uint8)
    if len(planes) % item:
        return content
    return planes.reshape(item, -1).T.tobytes()
