"""NumPy's .npz: a ZIP archive of .npy arrays, stored or deflated; object arrays are refused."""

import struct
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from qmcu.size.contents import DTYPE_BITS, Contents, FileKind, Role, StoredTensor
from qmcu.size.mapped import dense_rows, fail, map_file
from qmcu.size.readers.zip_members import DAMAGE, Archive, Member
from qmcu.size.roles import role_of
from qmcu.types import Array

_MAX_HEADER = 1 << 16
# Of a deflated array no more than this is unpacked, so that a bomb costs little.
_MAX_UNPACKED = 256 << 20


def read(path: Path) -> Contents:
    """The contents of an .npz file. Raises ModelError, naming what is wrong where."""
    data = map_file(path)
    archive = Archive(path, data)
    tensors, headers = [], 0
    for member in archive.members.values():
        if not member.name.endswith(".npy"):
            fail(path, f"member {member.name[:80]!r} is no .npy array")
        tensor, header = _array(archive, member)
        tensors.append(tensor)
        headers += header
    stored = sum(t.stored for t in tensors)
    others = {Role.METADATA: headers, Role.CONTAINER: len(data) - stored - headers}
    compressed = any(m.offset is None for m in archive.members.values())
    return Contents(
        str(path), FileKind.NPZ, len(data), tuple(tensors), others, compressed=compressed
    )


def _array(archive: Archive, member: Member) -> tuple[StoredTensor, int]:
    """The array and the bytes of its header in the archive (0 of a deflated one)."""
    name = member.name.removesuffix(".npy")
    shape, fortran, kind, start = _header(archive, member)
    dtype = str(kind.name)
    size = prod(shape) * kind.itemsize
    if dtype not in DTYPE_BITS:
        fail(archive.path, f"array {name[:80]!r} holds {dtype}, which are no weights; pickled "
                           "objects are never read")  # fmt: skip
    if size != member.size - start:
        fail(archive.path, f"array {name[:80]!r} is {dtype}{list(shape)[:8]}, which does not take "
                           f"the {member.size - start:,} bytes it has")  # fmt: skip
    if fortran:
        shape = shape[::-1]
    little = kind.newbyteorder("=").str[0] in "<|" and kind.str[0] in "<|"
    rows: Callable[[int, int], Array] | None = None
    if little and size:
        if member.offset is not None:
            rows = dense_rows(archive.data, member.offset + start, dtype, shape)
        elif size <= _MAX_UNPACKED:
            rows = _stream_rows(archive, member, start, kind, shape)
    header = start if member.offset is not None else 0
    stored = member.stored - header
    note = "not looked at: too large when unpacked" if size > _MAX_UNPACKED and not rows else ""
    return StoredTensor(
        name, dtype, shape, role_of(name, shape, dtype), stored, rows, note=note
    ), header


def _header(archive: Archive, member: Member) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    name = member.name[:80]
    try:
        with archive.open(member) as stream:
            version = np.lib.format.read_magic(stream)
            length = _length(stream, version)
            if length > _MAX_HEADER:
                fail(archive.path, f"array {name!r} has a header of {length:,} bytes")
            text = stream.read(length)
            start = stream.tell()
    except DAMAGE as error:
        fail(archive.path, f"array {name!r} is damaged ({str(error)[:80]})")
    return (*_parse(archive, name, text), start)


def _length(stream: IO[bytes], version: tuple[int, int]) -> int:
    form, size = ("<H", 2) if version == (1, 0) else ("<I", 4)
    return int(struct.unpack(form, stream.read(size))[0])


def _parse(archive: Archive, name: str, text: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    import ast

    try:
        fields = ast.literal_eval(text.decode("latin1"))
        shape, fortran = fields["shape"], bool(fields["fortran_order"])
        kind = np.dtype(fields["descr"])
        sizes = all(type(d) is int and 0 <= d < 2**40 for d in shape) and len(shape) <= 32
        if not sizes or not isinstance(shape, tuple):
            raise ValueError(f"shape {str(shape)[:40]}")
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError) as error:
        fail(archive.path, f"array {name!r} has a damaged header ({str(error)[:60]})")
    return shape, fortran, kind


def _stream_rows(
    archive: Archive, member: Member, start: int, kind: np.dtype[Any], shape: tuple[int, ...]
) -> Callable[[int, int], Array]:
    """Rows of a deflated array; the archive keeps the one that was unpacked last."""
    columns = prod(shape[1:])

    def rows(first: int, beyond: int) -> Array:
        content = archive.unpacked(member, _MAX_UNPACKED + _MAX_HEADER)
        return np.frombuffer(content, kind, prod(shape), start).reshape(-1, columns)[first:beyond]

    return rows
