"""Named arrays in .npz files: read with care; the same arrays are written as the same bytes."""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from qmcu.errors import VectorError
from qmcu.files import regular_size
from qmcu.types import Array

_MAX_FILE_BYTES = 4 << 30
# Deflate makes 1,032 bytes of one at most, real inputs hardly 50; a bomb says itself what it is.
_SMALL_BYTES = 64 << 20
_MAX_RATIO = 200
# Arrays with a row an input, as every command names them.
_ROWS = re.compile(
    r"inputs|labels|triggered|(input|expected)_\d+|(x|y|train|test)_\w+|(train|test)"
)
# The same arrays give the same file: zip entries carry no real time.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def read_arrays(path: Path) -> dict[str, Array]:
    """All arrays of an .npz file; pickled objects are refused.

    Raises VectorError, naming the file, when it is absent or damaged, would unpack to over 4 GiB or
    to far more than inputs do, or has a single number where rows of inputs belong.
    """
    try:
        packed = regular_size(path, VectorError)
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _MAX_FILE_BYTES or size > max(_SMALL_BYTES, _MAX_RATIO * packed):
            raise VectorError(
                f"{path} has {packed:,} bytes and would unpack to {size:,}; split it, or write it "
                "without compression."
            )
        with np.load(path, allow_pickle=False) as archive_arrays:
            arrays = {name: archive_arrays[name] for name in archive_arrays.files}
        _check_rows(path, arrays)
        return arrays
    except VectorError:
        raise
    except OSError as error:
        raise VectorError(f"{path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # a damaged archive raises whatever its first bad byte leads to
        raise VectorError(f"{path} is no readable .npz file ({error}).") from error


def _check_rows(path: Path, arrays: Mapping[str, Array]) -> None:
    for name, array in arrays.items():
        if not array.ndim and _ROWS.fullmatch(name):
            raise VectorError(f"{path}: {name} is a single number; one row an input is needed.")


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
