"""PyTorch's .pt and .pth: a ZIP archive with a pickle and the storages' bytes; weights only.

torch itself is never imported and torch.load never called: `pickle_data` reads the structure.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.size.contents import (
    DTYPE_BITS,
    Contents,
    FileKind,
    Role,
    StoredTensor,
    numpy_dtype,
    tensor_bytes,
)
from qmcu.size.mapped import dense_rows, fail, map_file
from qmcu.size.packed import join_packed_weights
from qmcu.size.readers.pickle_data import MAX_BYTES, PickledTensor, read_pickle
from qmcu.size.readers.zip_members import Archive, Member
from qmcu.size.roles import role_of
from qmcu.types import Array

_MAX_DEPTH = 32
_MAX_OBJECTS = 2_000_000
# What torch wrote before version 1.6, with its magic number in the first pickle.
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


@dataclass(frozen=True)
class _Named:
    name: str
    tensor: PickledTensor


def read(path: Path) -> Contents:
    """The contents of a checkpoint. Raises ModelError, naming what is wrong where."""
    data = map_file(path)
    if bytes(data[: len(_LEGACY)]) == _LEGACY:
        fail(path, "this is PyTorch's format from before version 1.6; load it with a torch you "
                   "trust it to and save its state_dict() again")  # fmt: skip
    if bytes(data[:2]) != b"PK":
        fail(path, "this is no PyTorch checkpoint (a ZIP archive is expected); it may be a bare "
                   "pickle, which is a program and is not run")  # fmt: skip
    archive = Archive(path, data)
    return _contents(archive)


def _contents(archive: Archive) -> Contents:
    path = archive.path
    top, member = _pickle(archive)
    if archive.members.get(f"{top}constants.pkl") is not None:
        fail(path, "this is a TorchScript program, not weights; save the model's state_dict()")
    order = archive.members.get(f"{top}byteorder")
    if order is not None and archive.read(order, 64).strip() == b"big":
        fail(path, "its tensors are big-endian, which is not read")
    root = read_pickle(path, archive.read(member, MAX_BYTES))
    named = list(_walk(path, root))
    storages = {m.name.removeprefix(f"{top}data/"): m for m in archive.members.values()
                if m.name.startswith(f"{top}data/")}  # fmt: skip
    tensors, unused = _tensors(archive, named, storages)
    claimed = sum(t.stored for t in tensors)
    metadata = member.stored
    others = {
        Role.UNUSED: unused,
        Role.METADATA: metadata,
        Role.CONTAINER: len(archive.data) - claimed - unused - metadata,
    }
    compressed = any(m.offset is None for m in storages.values())
    return Contents(
        str(path), FileKind.TORCH, len(archive.data), join_packed_weights(tensors), others,
        compressed=compressed, maps=(archive.data,),
    )  # fmt: skip


def _pickle(archive: Archive) -> tuple[str, Member]:
    """The archive's top folder ("archive/") and its pickle."""
    for name, member in archive.members.items():
        if name == "data.pkl" or (name.endswith("/data.pkl") and name.count("/") == 1):
            return name.removesuffix("data.pkl"), member
    fail(archive.path, "the archive holds no data.pkl; it is no PyTorch checkpoint")


def _walk(path: Path, root: Any) -> Iterator[_Named]:
    """Every tensor with the keys that lead to it; one that is met twice comes with each."""
    budget = _MAX_OBJECTS
    stack: list[tuple[str, Any, int]] = [("", root, 0)]
    while stack:
        name, value, depth = stack.pop()
        budget -= 1
        if budget < 0 or depth > _MAX_DEPTH:
            fail(path, "its pickle holds data nested without end; it is hostile")
        if isinstance(value, PickledTensor):
            yield _Named(name or "tensor", value)
            yield from (_Named(f"{name or 'tensor'}.{key}", t) for key, t in value.parameters)
            continue
        below: list[tuple[Any, Any]] = []
        if isinstance(value, dict):
            below = list(value.items())
        elif isinstance(value, list | tuple):
            below = list(enumerate(value))
        budget -= len(below)
        stack += [
            (f"{name}.{key}" if name else str(key), item, depth + 1)
            for key, item in reversed(below)
            if isinstance(item, PickledTensor | dict | list | tuple)
        ]


def _tensors(
    archive: Archive, named: list[_Named], storages: dict[str, Member]
) -> tuple[list[StoredTensor], int]:
    """The tensors, each with the bytes of its storage that it shows, and the bytes of the rest."""
    spans: dict[str, list[tuple[int, int, int]]] = {}
    for i, one in enumerate(named):
        storage = one.tensor.storage
        if storage.key not in storages:
            fail(archive.path, f"tensor {one.name[:80]!r} lies in data/{storage.key[:20]}, which "
                               "the archive does not hold")  # fmt: skip
        begin, end = _extent(archive.path, one, storages[storage.key].size)
        spans.setdefault(storage.key, []).append((begin, end, i))
    shown = [0] * len(named)
    for key, runs in spans.items():
        member = storages[key]
        packing = member.stored / max(1, member.size)
        at = 0
        # Views of one storage are counted where they begin first; shared bytes count once.
        for begin, end, i in sorted(runs):
            shown[i] = round(max(0, end - max(begin, at)) * packing)
            at = max(at, end)
    unused = sum(m.stored for m in storages.values()) - sum(shown)
    tensors = [
        _stored(archive, one, storages, size) for one, size in zip(named, shown, strict=True)
    ]
    return tensors, unused


def _extent(path: Path, one: _Named, available: int) -> tuple[int, int]:
    """First and end byte of a tensor in its storage."""
    tensor = one.tensor
    item = DTYPE_BITS[tensor.dtype] // 8
    if len(tensor.stride) != len(tensor.shape):
        fail(path, f"tensor {one.name[:80]!r} has {len(tensor.shape)} extents and "
                   f"{len(tensor.stride)} strides")  # fmt: skip
    begin = tensor.offset * DTYPE_BITS[tensor.storage.dtype] // 8
    if 0 in tensor.shape:
        return begin, begin
    last = sum((d - 1) * s for d, s in zip(tensor.shape, tensor.stride, strict=True))
    end = begin + (last + 1) * item
    if end > available:
        fail(path, f"tensor {one.name[:80]!r} ends at byte {end:,} of its storage, which has "
                   f"{available:,}")  # fmt: skip
    return begin, end


def _stored(archive: Archive, one: _Named, storages: dict[str, Member], size: int) -> StoredTensor:
    tensor = one.tensor
    role = role_of(one.name, tensor.shape, tensor.dtype)
    if tensor.scales:
        role = Role.WEIGHTS if len(tensor.shape) > 1 else role
    rows = None
    member = storages[tensor.storage.key]
    begin = tensor.offset * DTYPE_BITS[tensor.storage.dtype] // 8
    if member.offset is not None and 0 not in tensor.shape:
        rows = _rows(archive.data, member.offset + begin, tensor)
    return StoredTensor(
        one.name, tensor.dtype, tensor.shape, role, size, rows, tensor.scales,
    )  # fmt: skip


def _rows(
    data: memoryview, begin: int, tensor: PickledTensor
) -> Callable[[int, int], Array] | None:
    """Rows of a contiguous tensor or a transposed matrix; other layouts are not looked at."""
    shape, stride = tensor.shape, tensor.stride
    if stride == _contiguous(shape):
        return dense_rows(data, begin, tensor.dtype, shape)
    kind = numpy_dtype(tensor.dtype)
    if kind is None or len(shape) != 2 or stride != (1, shape[0]):
        return None
    flat = np.frombuffer(data, np.uint8, tensor_bytes(tensor.dtype, shape), begin)
    return lambda start, stop: flat.view(kind).reshape(shape[::-1]).T[start:stop]


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))
