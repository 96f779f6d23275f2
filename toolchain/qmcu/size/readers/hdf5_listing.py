"""A program of its own: lists an HDF5 file's datasets as JSON, with where their bytes lie.

The HDF5 library is large C code that damaged files have crashed before. It runs here, in a child
process with little memory and time, and only tells where things are; `hdf5` reads them. Soft and
external links are not followed, and no dataset is read.
"""

import json
import sys
from typing import Any

try:
    import resource
except ImportError:  # Windows bounds no process this way
    resource = None  # type: ignore[assignment]

_MEMORY, _SECONDS = 4 << 30, 30
_MAX_OBJECTS, _MAX_CHUNKS, _MAX_DEPTH = 200_000, 200_000, 32
_MAX_NAME = 400


def main() -> None:
    """Arguments: the file, the first byte and the size of the HDF5 file in it."""
    _limit()
    path, begin, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    try:
        import h5py
    except ImportError:
        print(json.dumps({"missing": "h5py"}))
        return
    try:
        if begin == 0:
            with h5py.File(path, "r") as file:
                listing = _listing(h5py, file)
        else:
            with _Part(path, begin, size) as part, h5py.File(part, "r") as file:
                listing = _listing(h5py, file)
    except Exception as error:  # whatever the library makes of a damaged file
        listing = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(listing))


def _limit() -> None:
    """Bound memory and time, as far as the system does that."""
    if resource is None:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


class _Part:
    """A part of a file, as h5py wants a file object."""

    def __init__(self, path: str, begin: int, size: int) -> None:
        self._stream = open(path, "rb")  # noqa: SIM115, PTH123 - closed by __exit__
        self._begin, self._size, self._at = begin, size, 0

    def __enter__(self) -> "_Part":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; positions count from the part's first byte."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        """The position."""
        return self._at

    def read(self, count: int = -1) -> bytes:
        """Bytes from the position."""
        left = max(0, self._size - self._at)
        self._stream.seek(self._begin + self._at)
        data = self._stream.read(left if count < 0 else min(count, left))
        self._at += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from the position."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _listing(h5py: Any, file: Any) -> dict[str, Any]:
    datasets: list[dict[str, Any]] = []
    attributes: list[list[Any]] = []
    seen: set[Any] = set()
    stack = [("", file, 0)]
    while stack:
        name, group, depth = stack.pop()
        for key in group.attrs:
            attributes.append([f"{name}@{key}"[:_MAX_NAME], _attribute_size(group, key)])
        for key in group:
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                continue
            child = group[key]
            where = f"{name}/{key}" if name else key
            # Two names of one object, or a group within itself, are listed once.
            address = h5py.h5o.get_info(child.id).addr
            if address in seen:
                continue
            seen.add(address)
            if isinstance(child, h5py.Dataset):
                datasets.append(_dataset(h5py, where, child))
            elif isinstance(child, h5py.Group) and depth < _MAX_DEPTH:
                stack.append((where, child, depth + 1))
            if len(seen) + len(attributes) > _MAX_OBJECTS:
                raise ValueError(f"over {_MAX_OBJECTS:,} objects")
    return {"datasets": datasets, "attributes": attributes}


def _attribute_size(group: Any, key: str) -> int:
    value = group.attrs[key]
    if isinstance(value, str | bytes):
        return len(value)
    items = getattr(value, "reshape", lambda _: [value])(-1)
    if getattr(getattr(value, "dtype", None), "kind", "") == "O":
        return sum(len(item) for item in items if isinstance(item, str | bytes))
    return int(getattr(value, "nbytes", 8))


def _dataset(h5py: Any, name: str, dataset: Any) -> dict[str, Any]:
    plan = dataset.id.get_create_plist()
    entry: dict[str, Any] = {
        "name": name[:_MAX_NAME],
        "dtype": dataset.dtype.name,
        "little": dataset.dtype.byteorder in "<=|",
        "item": dataset.dtype.itemsize,
        "shape": list(dataset.shape) if dataset.shape is not None else None,
        "stored": dataset.id.get_storage_size(),
        "offset": None,
        "external": plan.get_external_count() > 0 or dataset.is_virtual,
    }
    if plan.get_layout() == h5py.h5d.CONTIGUOUS and not entry["external"]:
        entry["offset"] = dataset.id.get_offset()
    elif plan.get_layout() == h5py.h5d.CHUNKED:
        count = dataset.id.get_num_chunks()
        if count > _MAX_CHUNKS:
            raise ValueError(f"{name} has {count:,} chunks")
        entry["chunk"] = list(dataset.chunks)
        entry["filters"] = [plan.get_filter(i)[0] for i in range(plan.get_nfilters())]
        infos = (dataset.id.get_chunk_info(i) for i in range(count))
        entry["chunks"] = [
            [list(i.chunk_offset), i.byte_offset, i.size, i.filter_mask] for i in infos
        ]
    return entry


if __name__ == "__main__":
    main()
