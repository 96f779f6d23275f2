"""Names of weights in .keras files as every system's Keras looks for them."""

import io
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_WEIGHTS = "model.weights.h5"


@contextmanager
def slashed(source: Path) -> Iterator[Path]:
    """The file, or a copy of one that Keras 2 wrote on Windows, with its weights' names mended.

    There each is `layers\\dense`, and Keras looks for `layers/dense` on other systems.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / source.name
        made = False
        if source.suffix == ".keras":
            # Keras says what is wrong with a file that cannot be read.
            with suppress(OSError, ValueError, RuntimeError, KeyError, zipfile.BadZipFile):
                made = _copy_slashed(source, copy)
        yield copy if made else source


def _copy_slashed(source: Path, copy: Path) -> bool:
    """Write the copy, unless no name has a backslash; answers whether one has."""
    import h5py

    with zipfile.ZipFile(source) as archive:
        with archive.open(_WEIGHTS) as stream, h5py.File(stream, "r") as file:
            wrong = [name for name in file if "\\" in name]
        if not wrong:
            return False
        weights = io.BytesIO(archive.read(_WEIGHTS))
        with h5py.File(weights, "r+") as file:
            for name in wrong:
                file.move(name, name.replace("\\", "/"))
        with zipfile.ZipFile(copy, "w") as mended:
            for entry in archive.infolist():
                ours = entry.filename == _WEIGHTS
                mended.writestr(entry, weights.getvalue() if ours else archive.read(entry))
    return True
