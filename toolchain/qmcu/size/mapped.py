"""Files as memory: mapped read-only, so that only what is looked at is read from disk."""

import mmap
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np

from qmcu.errors import ModelError
from qmcu.size.contents import numpy_dtype, tensor_bytes
from qmcu.types import Array


def fail(source: object, problem: str) -> NoReturn:
    """Raise ModelError: `source` is the file, `problem` a clause without a full stop."""
    raise ModelError(f"{source}: {problem}.")


def map_file(path: Path) -> memoryview:
    """The file's bytes, mapped; they stay mapped while the view lives. Raises ModelError."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            if size == 0:
                fail(path, "the file is empty")
            return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error


def let_go(data: memoryview) -> None:
    """Let the system take back the pages of a mapped file that were read; they can be read again.

    Without this, a walk through a large file would hold all of it in memory.
    """
    if isinstance(data.obj, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        data.obj.madvise(mmap.MADV_DONTNEED)


def dense_rows(
    data: memoryview, offset: int, dtype: str, shape: tuple[int, ...]
) -> Callable[[int, int], Array] | None:
    """Rows of a dense tensor at `offset` of `data`, as views; None when its dtype has none.

    The caller has checked that the tensor lies inside `data`.
    """
    kind = numpy_dtype(dtype)
    size = tensor_bytes(dtype, shape)
    if kind is None or size == 0:
        return None
    flat = np.frombuffer(data, np.uint8, size, offset)
    columns = 1
    for extent in shape[1:]:
        columns *= extent
    return lambda start, stop: (
        flat[start * columns * kind.itemsize : stop * columns * kind.itemsize]
        .view(kind)
        .reshape(-1, columns)
    )
