"""What can be told of a model's file before TensorFlow, which takes seconds, is loaded."""

import json
import zipfile
from pathlib import Path, PurePosixPath
from typing import NoReturn

from qmcu.conversion.keras_files import SUFFIXES, refuse_large_texts, refuse_no_archive
from qmcu.errors import ModelError
from qmcu.files import regular_size
from qmcu.text import first_line, printable

_OTHERS = (".onnx", ".pt2", ".tflite")
_HDF5 = b"\x89HDF\r\n\x1a\n"
# An HDF5 file's first block; nothing shorter is one.
_LEAST_HDF5 = 96


def check_source(path: Path) -> None:
    """Raise ModelError where `path` is no model's file, whatever TensorFlow would say of it."""
    if not path.exists():
        raise ModelError(f"{path} does not exist.")
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise ModelError(f"{path} is a directory without saved_model.pb, no SavedModel.")
        return
    size = regular_size(path, ModelError)
    if path.suffix not in (*SUFFIXES, *_OTHERS):
        raise ModelError(
            f"{path} is neither a Keras file ({', '.join(SUFFIXES)}) nor a SavedModel "
            "directory nor .onnx, .pt2 or .tflite."
        )
    refuse_no_archive(path)
    refuse_large_texts(path)
    if path.suffix == ".keras" and zipfile.is_zipfile(path):
        _check_archive(path)
    elif path.suffix in SUFFIXES and size < _LEAST_HDF5:
        with path.open("rb") as stream:
            if stream.read(len(_HDF5)) == _HDF5:
                _fail(path, f"it ends after {size} bytes; it is cut off")


def _check_archive(path: Path) -> None:
    """Of a .keras file: names within it, a configuration that is JSON, weights that are HDF5."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            for name in names:
                if name.startswith("/") or ".." in PurePosixPath(name).parts:
                    _fail(path, f"its archive names {printable(name)}, outside of it")
            if "config.json" in names:
                _check_configuration(path, archive.read("config.json"))
            if "model.weights.h5" in names:
                with archive.open("model.weights.h5") as stream:
                    head = stream.read(_LEAST_HDF5)
                if not head.startswith(_HDF5) or len(head) < _LEAST_HDF5:
                    _fail(path, "its model.weights.h5 is no HDF5 file, or one cut off")
    except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        _fail(path, first_line(error))


def _check_configuration(path: Path, text: bytes) -> None:
    try:
        found = json.loads(text)
    except RecursionError:
        _fail(path, "its config.json is nested too deeply")
    except ValueError as error:
        _fail(path, f"its config.json is no JSON ({first_line(error)})")
    if not isinstance(found, dict):
        _fail(path, "its config.json describes no model")


def _fail(path: Path, problem: str) -> NoReturn:
    raise ModelError(f"{path} is no loadable Keras model: {problem}.")
