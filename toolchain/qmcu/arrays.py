"""Named arrays in .npz files: read with care; the same arrays are written as the same bytes."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from qmcu.errors import VectorError
from qmcu.types import Array

_MAX_FILE_BYTES = 4 << 30
# The same arrays give the same file: zip entries carry no real time.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def read_arrays(path: Path) -> dict[str, Array]:
    """All arrays of an .npz file; pickled objects are refused.

    Raises VectorError, naming the file, when it is absent, damaged or would unpack to over 4 GiB.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _MAX_FILE_BYTES:
            raise VectorError(f"{path} would unpack to {size:,} bytes; split it.")
        with np.load(path, allow_pickle=False) as archive_arrays:
            return {name: archive_arrays[name] for name in archive_arrays.files}
    except VectorError:
        raise
    except OSError as error:
        raise VectorError(f"{path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # a damaged archive raises whatever its first bad byte leads to
        raise VectorError(f"{path} is no readable .npz file ({error}).") from error


def npz_bytes(arrays: Mapping[str, Array]) -> bytes:
    """The content of an .npz file with these arrays, in their order."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(array), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entry.getvalue())
    return stream.getvalue()
